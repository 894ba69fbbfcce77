/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV, byte for byte as Python's csv.DictWriter writes it: comma, CRLF, a header, fields quoted
 * only when they hold a comma, a quote, CR or LF. Invalid UTF-8 becomes U+FFFD, a NUL is dropped. A
 * time is `%Y-%m-%dT%H:%M:%S.%fZ`; a text or a time that is none is an empty cell.
 *
 * With the formula guard a text cell gets a ' before it when it begins with = + - @ (also those of
 * full width), tab, CR or LF, with or without blanks before: spaces, U+00A0, U+200B, U+3000,
 * U+FEFF.
 */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H

#include "format/row_writer.h"

extern const struct row_format csv_format;

#endif
