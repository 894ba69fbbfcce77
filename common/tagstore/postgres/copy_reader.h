/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads group tag values out of the bytes of `COPY ... TO STDOUT (FORMAT binary)` with the columns
 * value text, times_seen bigint, last_seen timestamptz, first_seen timestamptz. Does no I/O: the
 * caller feeds bytes, cut anywhere, and takes rows. No length in the bytes is trusted.
 */
#ifndef TAGSTORE_POSTGRES_COPY_READER_H
#define TAGSTORE_POSTGRES_COPY_READER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "tagstore/tagstore.h"

/* The tables hold 200 characters. This is the bound of a column that another program has made
   wider. */
#define COPY_VALUE_MAX ((uint32_t)1024 * 1024)

struct copy_reader {
    struct buffer pending; /* the bytes that were fed */
    size_t at;             /* how many of them were read */
    bool started;          /* the header was read */
    bool ended;            /* the trailer was read */
};

void copy_reader_init(struct copy_reader *reader);
void copy_reader_free(struct copy_reader *reader);

/* Appends the next bytes. All rows must be read before more is fed. ERROR_TOO_LARGE. */
bool copy_reader_feed(struct copy_reader *reader, const char *bytes, size_t size,
                      struct error *error) MUST_CHECK;

/* Reads the next row; its text is in `arena`. *found is false if the row is not complete yet, or no
   row is left. A time that is infinite or outside the years 0001 to 9999 becomes USEC_NONE.
   ERROR_QUERY: these are not the bytes of such a COPY. */
bool copy_reader_next(struct copy_reader *reader, struct arena *arena, struct group_tag_value *row,
                      bool *found, struct error *error) MUST_CHECK;

/* To be called at the end of the stream. ERROR_QUERY unless the stream is complete and no bytes
   follow it. */
bool copy_reader_finish(const struct copy_reader *reader, struct error *error) MUST_CHECK;

#endif
