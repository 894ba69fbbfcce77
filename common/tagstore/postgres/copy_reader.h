/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads group tag values out of `COPY ... TO STDOUT (FORMAT binary)` with the columns
 * value text, times_seen bigint, last_seen timestamptz, first_seen timestamptz. Does no I/O: bytes
 * go in as they come, cut anywhere, and rows come out. No length in them is trusted.
 */
#ifndef TAGSTORE_POSTGRES_COPY_READER_H
#define TAGSTORE_POSTGRES_COPY_READER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "tagstore/tagstore.h"

/* The tables hold 200 characters; what another program stores in a wider column has this bound. */
#define COPY_VALUE_MAX ((uint32_t)1024 * 1024)

struct copy_reader {
    struct buffer pending; /* what was fed */
    size_t at;             /* and read so far */
    bool started;          /* the header is read */
    bool ended;            /* the trailer is read */
};

void copy_reader_init(struct copy_reader *reader);
void copy_reader_free(struct copy_reader *reader);

/* Takes the next bytes. Read all rows before feeding more. ERROR_TOO_LARGE. */
bool copy_reader_feed(struct copy_reader *reader, const char *bytes, size_t size,
                      struct error *error) MUST_CHECK;

/* The next row, its text in `arena`; *found is false when it has not come in full yet, or none is
   left. A time that is infinite or outside the years 0001 to 9999 counts as not known. ERROR_QUERY:
   these are not the bytes of such a COPY. */
bool copy_reader_next(struct copy_reader *reader, struct arena *arena, struct group_tag_value *row,
                      bool *found, struct error *error) MUST_CHECK;

/* When no more bytes will come: ERROR_QUERY unless the stream is complete and nothing follows. */
bool copy_reader_finish(const struct copy_reader *reader, struct error *error) MUST_CHECK;

#endif
