/*
 * The CSV, byte for byte as Python's csv.DictWriter writes it: comma, CRLF, fields quoted only when
 * they hold a comma, a quote, CR or LF (spec/original.md 6.5). Goes to a file through one buffer.
 */
#ifndef CSV_WRITER_H
#define CSV_WRITER_H

#include "base/buffer.h"
#include "base/clock.h"

struct csv_writer;

/* Writes to `fd`, which stays the caller's. At most `max_bytes` in all. With `formula_guard` a text
   cell that begins with = + - @ tab CR or LF gets a ' before it. NULL without memory. */
struct csv_writer *csv_writer_new(int fd, int64_t max_bytes, bool formula_guard);
void csv_writer_free(struct csv_writer *writer);

/* The next cell of the row. Text: any bytes; invalid UTF-8 becomes U+FFFD, a NUL is dropped. A
   moment is `%Y-%m-%dT%H:%M:%S.%fZ`; USEC_NONE is an empty cell, ERROR_INVALID outside the years
   0001 to 9999. ERROR_TOO_LARGE beyond max_bytes or for a cell over 16 MiB that needs quotes or
   cleaning, ERROR_AWAY when the disk is full. After an error the file is of no use. */
bool csv_writer_text(struct csv_writer *writer, const char *text, size_t size,
                     struct error *error) MUST_CHECK;
bool csv_writer_int(struct csv_writer *writer, int64_t number, struct error *error) MUST_CHECK;
bool csv_writer_time(struct csv_writer *writer, int64_t usec, struct error *error) MUST_CHECK;
bool csv_writer_end_row(struct csv_writer *writer, struct error *error) MUST_CHECK;

/* Writes out what is still in the buffer. */
bool csv_writer_flush(struct csv_writer *writer, struct error *error) MUST_CHECK;

/* Bytes so far, those in the buffer included. */
int64_t csv_writer_bytes(const struct csv_writer *writer);

#endif
