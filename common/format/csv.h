/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV, byte for byte as Python's csv.DictWriter writes it: a header, commas, CRLF. A field is
 * quoted only if it has a comma, a quote, CR or LF. Invalid UTF-8 becomes U+FFFD, and a NUL is
 * dropped. A time is written as `%Y-%m-%dT%H:%M:%S.%fZ`. A missing text or time (row_writer.h) is
 * an empty cell.
 *
 * The formula guard puts a ' before a text cell that begins with = + - @ (also in full width), tab,
 * CR or LF. Blanks before that character do not count: space, U+00A0, U+200B, U+3000, U+FEFF.
 */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H

#include "format/row_writer.h"

extern const struct row_format csv_format;

#endif
