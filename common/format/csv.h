/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV, byte for byte as Python's csv.DictWriter writes it: comma, CRLF, a header, fields quoted
 * only when they hold a comma, a quote, CR or LF. Invalid UTF-8 becomes U+FFFD, a NUL is dropped. A
 * time is `%Y-%m-%dT%H:%M:%S.%fZ`; a text or a time that is none is an empty cell.
 *
 * With the formula guard a text cell that begins with = + - @ tab CR or LF gets a ' before it.
 */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H

#include "format/row_writer.h"

extern const struct row_format csv_format;

#endif
