/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/postgres/copy_reader.h"

/* The format is in PostgreSQL's manual under COPY, "Binary Format". Numbers are big-endian. */
static const char signature[11] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', '\377', '\r', '\n', '\0'};

enum {
    FIELDS = 4,
    EXTENSION_MAX = 1024,
    FEED_MAX = 4 * 1024 * 1024, /* one message of the server holds one row */
};

#define CRITICAL_FLAGS   0xffff0000u
#define POSTGRES_EPOCH   (INT64_C(946684800) * USEC_PER_SECOND) /* 2000-01-01 */
#define LENGTH_OF_NULL   UINT32_C(0xffffffff)
#define COUNT_OF_TRAILER UINT16_C(0xffff)

/* A place in the pending bytes. `short_of` is set as soon as they end too early, and stays set. */
struct scan {
    const unsigned char *at, *end;
    bool short_of;
};

static struct scan scan_pending(const struct copy_reader *reader)
{
    const unsigned char *bytes = (const unsigned char *)reader->pending.data;
    return (struct scan){.at = bytes + reader->at, .end = bytes + reader->pending.size};
}

static const unsigned char *take_bytes(struct scan *scan, size_t size)
{
    if (scan->short_of || (size_t)(scan->end - scan->at) < size) {
        scan->short_of = true;
        return NULL;
    }
    const unsigned char *bytes = scan->at;
    scan->at += size;
    return bytes;
}

/* 0 if the bytes end too early. */
static uint64_t take_number(struct scan *scan, size_t size)
{
    const unsigned char *bytes = take_bytes(scan, size);
    uint64_t number = 0;
    for (size_t i = 0; bytes != NULL && i < size; i++)
        number = number << 8 | bytes[i];
    return number;
}

static bool report_malformed(struct error *error, const char *what)
{
    return error_set(error, ERROR_QUERY, "PostgreSQL's answer to COPY is malformed: %s", what);
}

void copy_reader_init(struct copy_reader *reader)
{
    *reader = (struct copy_reader){.at = 0};
    buffer_init(&reader->pending, COPY_VALUE_MAX + FEED_MAX);
}

void copy_reader_free(struct copy_reader *reader)
{
    buffer_free(&reader->pending);
}

bool copy_reader_feed(struct copy_reader *reader, const char *bytes, size_t size,
                      struct error *error)
{
    struct buffer *pending = &reader->pending;
    if (reader->at > 0) {
        pending->size -= reader->at;
        memmove(pending->data, pending->data + reader->at, pending->size);
        reader->at = 0;
    }
    return buffer_append(pending, bytes, size, error);
}

static bool read_header(struct copy_reader *reader, bool *found, struct error *error)
{
    struct scan scan = scan_pending(reader);
    const unsigned char *start = take_bytes(&scan, sizeof(signature));
    uint32_t flags = (uint32_t)take_number(&scan, 4);
    uint32_t extension = (uint32_t)take_number(&scan, 4);
    if (start != NULL && memcmp(start, signature, sizeof(signature)) != 0)
        return report_malformed(error, "wrong signature");
    if ((flags & CRITICAL_FLAGS) != 0)
        return report_malformed(error, "unknown flags");
    if (extension > EXTENSION_MAX)
        return report_malformed(error, "a long header");
    (void)take_bytes(&scan, extension);
    *found = !scan.short_of;
    if (*found) {
        reader->started = true;
        reader->at = (size_t)(scan.at - (const unsigned char *)reader->pending.data);
    }
    return true;
}

/* A field of exactly eight bytes. NULL is allowed if is_null is given. */
static bool take_int64(struct scan *scan, bool *is_null, int64_t *number, struct error *error)
{
    uint32_t length = (uint32_t)take_number(scan, 4);
    bool null_allowed = is_null != NULL;
    if (scan->short_of)
        return true;
    if (null_allowed)
        *is_null = length == LENGTH_OF_NULL;
    if (null_allowed && *is_null)
        return true;
    if (length != 8)
        return report_malformed(error, "a field of wrong length");
    *number = (int64_t)take_number(scan, 8);
    return true;
}

static bool take_time(struct scan *scan, int64_t *usec, struct error *error)
{
    bool is_null = false;
    int64_t number = 0;
    if (!take_int64(scan, &is_null, &number, error))
        return false;
    bool known =
        !is_null && number >= USEC_FIRST - POSTGRES_EPOCH && number <= USEC_LAST - POSTGRES_EPOCH;
    *usec = known ? number + POSTGRES_EPOCH : USEC_NONE;
    return true;
}

static bool take_value(struct scan *scan, struct group_tag_value *row, const unsigned char **bytes,
                       struct error *error)
{
    uint32_t length = (uint32_t)take_number(scan, 4);
    if (!scan->short_of && length > COPY_VALUE_MAX) /* NULL fails too: the column is NOT NULL */
        return report_malformed(error, "a value of wrong length");
    row->value_size = length;
    *bytes = take_bytes(scan, length);
    return true;
}

/* The trailer stands in the place of a row's field count. */
static bool take_row(struct copy_reader *reader, struct scan *scan, struct group_tag_value *row,
                     const unsigned char **value, struct error *error)
{
    uint16_t fields = (uint16_t)take_number(scan, 2);
    if (scan->short_of)
        return true;
    if (fields == COUNT_OF_TRAILER) {
        reader->ended = true;
        return true;
    }
    if (fields != FIELDS)
        return report_malformed(error, "a row of wrong width");
    return take_value(scan, row, value, error) && take_int64(scan, NULL, &row->times_seen, error) &&
           take_time(scan, &row->last_seen, error) && take_time(scan, &row->first_seen, error);
}

bool copy_reader_next(struct copy_reader *reader, struct arena *arena, struct group_tag_value *row,
                      bool *found, struct error *error)
{
    const unsigned char *value = NULL;
    *found = false;
    if (reader->pending.size == 0 || reader->ended)
        return true;
    if (!reader->started && !read_header(reader, found, error))
        return false;
    *found = false;
    if (!reader->started)
        return true;
    struct scan scan = scan_pending(reader);
    if (!take_row(reader, &scan, row, &value, error))
        return false;
    if (scan.short_of)
        return true;
    reader->at = (size_t)(scan.at - (const unsigned char *)reader->pending.data);
    if (reader->ended)
        return true;
    row->value = arena_copy(arena, value, row->value_size, error);
    *found = row->value != NULL;
    return *found;
}

bool copy_reader_finish(const struct copy_reader *reader, struct error *error)
{
    if (!reader->ended)
        return report_malformed(error, "it ends too early");
    return reader->at == reader->pending.size ||
           report_malformed(error, "something follows its end");
}
