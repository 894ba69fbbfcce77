/* SPDX-License-Identifier: Apache-2.0 */
/* Values in PostgreSQL's binary format: the length as an int32 (-1: NULL), then the bytes. Elements
   of arrays and fields of COPY have this form. It saves printing and parsing numbers. */
#ifndef CLIENT_PG_BINARY_H
#define CLIENT_PG_BINARY_H

#include "base/buffer.h"

/* OIDs of the types, which never change. */
enum pg_type { PG_BIGINT = 20, PG_TEXT = 25, PG_TIMESTAMPTZ = 1184 };

/* Append a number without a length, high byte first. */
bool pg_put_int16(struct buffer *out, int16_t number, struct error *error) MUST_CHECK;
bool pg_put_int32(struct buffer *out, int32_t number, struct error *error) MUST_CHECK;

/* Append a value with its length before it. Text is UTF-8 (wire/clean_text.h), a time is in
   microseconds since 1970. NULL and USEC_NONE are SQL NULL. ERROR_TOO_LARGE for a text of 2 GiB. */
bool pg_put_bigint(struct buffer *out, int64_t number, struct error *error) MUST_CHECK;
bool pg_put_text(struct buffer *out, const char *text_or_null, struct error *error) MUST_CHECK;
bool pg_put_time(struct buffer *out, int64_t usec, struct error *error) MUST_CHECK;
bool pg_put_null(struct buffer *out, struct error *error) MUST_CHECK;

#endif
