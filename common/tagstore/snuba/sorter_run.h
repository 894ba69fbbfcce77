/* SPDX-License-Identifier: Apache-2.0 */
/* What sorter.c works with: rows as bytes, and a sorted run of them in a file. */
#ifndef TAGSTORE_SNUBA_SORTER_RUN_H
#define TAGSTORE_SNUBA_SORTER_RUN_H

#include "base/arena.h"
#include "base/buffer.h"
#include "tagstore/tagstore.h"

/* A row as bytes, at any address: its numbers, then its value. */
bool sorted_row_append(struct buffer *buffer, const struct group_tag_value *row,
                       struct error *error) MUST_CHECK;
size_t sorted_row_size(const char *row);
bool sorted_row_read(const char *bytes, struct arena *arena, struct group_tag_value *row,
                     struct error *error) MUST_CHECK;

/* Below 0: `a` comes first: first_seen descending, then value bytewise. */
int sorted_row_compare(const char *a, const char *b);

/* Writes all of `bytes` at a place in the file. */
bool sorter_write(int fd, int64_t at, const char *bytes, size_t size,
                  struct error *error) MUST_CHECK;

struct sorter_run {
    int fd;          /* the sorter's */
    int64_t at, end; /* what is still to be read of the file */
    char *bytes;     /* what was read; NULL: not open */
    size_t capacity, size, used;
};

/* Reads the first row; *found is false when there is none. `capacity` are bytes read at a time. */
bool sorter_run_open(struct sorter_run *run, size_t capacity, bool *found,
                     struct error *error) MUST_CHECK;
void sorter_run_close(struct sorter_run *run);

/* The row in hand. */
const char *sorter_run_row(const struct sorter_run *run);

/* Goes on to the next row, if there is one. */
bool sorter_run_next(struct sorter_run *run, bool *found, struct error *error) MUST_CHECK;

#endif
