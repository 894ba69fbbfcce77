/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pg_binary.h"

#include "base/clock.h"

/* PostgreSQL counts from 2000-01-01. */
#define USEC_2000 (INT64_C(946684800) * USEC_PER_SECOND)

static void write_big_endian(unsigned char *to, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(number >> (8 * (size - 1 - i)));
}

bool pg_put_int16(struct buffer *out, int16_t number, struct error *error)
{
    unsigned char bytes[sizeof(number)];
    write_big_endian(bytes, (uint64_t)number, sizeof(bytes));
    return buffer_append(out, bytes, sizeof(bytes), error);
}

bool pg_put_int32(struct buffer *out, int32_t number, struct error *error)
{
    unsigned char bytes[sizeof(number)];
    write_big_endian(bytes, (uint64_t)number, sizeof(bytes));
    return buffer_append(out, bytes, sizeof(bytes), error);
}

bool pg_put_null(struct buffer *out, struct error *error)
{
    return pg_put_int32(out, -1, error);
}

bool pg_put_bigint(struct buffer *out, int64_t number, struct error *error)
{
    unsigned char bytes[4 + sizeof(number)];
    write_big_endian(bytes, sizeof(number), 4);
    write_big_endian(bytes + 4, (uint64_t)number, sizeof(number));
    return buffer_append(out, bytes, sizeof(bytes), error);
}

bool pg_put_time(struct buffer *out, int64_t usec, struct error *error)
{
    return usec == USEC_NONE ? pg_put_null(out, error)
                             : pg_put_bigint(out, usec - USEC_2000, error);
}

bool pg_put_text(struct buffer *out, const char *text_or_null, struct error *error)
{
    if (text_or_null == NULL)
        return pg_put_null(out, error);
    size_t size = strlen(text_or_null);
    if (size > INT32_MAX)
        return error_set(error, ERROR_TOO_LARGE, "a text is longer than PostgreSQL takes");
    return pg_put_int32(out, (int32_t)size, error) && buffer_append(out, text_or_null, size, error);
}
