/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of sorter.c: rows as bytes, and a sorted run of them in a file. */
#ifndef TAGSTORE_SNUBA_SORTER_RUN_H
#define TAGSTORE_SNUBA_SORTER_RUN_H

#include "base/arena.h"
#include "base/buffer.h"
#include "tagstore/tagstore.h"

/* A row as bytes, without alignment: its numbers, then its value. */
bool sorted_row_append(struct buffer *buffer, const struct group_tag_value *row,
                       struct error *error) MUST_CHECK;
size_t sorted_row_size(const char *row);
bool sorted_row_read(const char *bytes, struct arena *arena, struct group_tag_value *row,
                     struct error *error) MUST_CHECK;

/* Below 0 if `a` comes first: first_seen descending, then value bytewise. */
int sorted_row_compare(const char *a, const char *b);

/* Writes all bytes at an offset of the file. ERROR_AWAY if the disk is full, else as
   error_set_errno says. */
bool sorter_write(int fd, int64_t at, const char *bytes, size_t size,
                  struct error *error) MUST_CHECK;

struct sorter_run {
    int fd;          /* owned by the sorter */
    int64_t at, end; /* the part of the file that was not read yet */
    char *bytes;     /* bytes read from the file; NULL: not open */
    size_t capacity, size, used;
};

/* Reads the first row; *found is false if there is none. `capacity` is the number of bytes to read
   at a time. */
bool sorter_run_open(struct sorter_run *run, size_t capacity, bool *found,
                     struct error *error) MUST_CHECK;
void sorter_run_close(struct sorter_run *run);

/* The current row. */
const char *sorter_run_row(const struct sorter_run *run);

/* Moves to the next row; *found is false if there is none. */
bool sorter_run_next(struct sorter_run *run, bool *found, struct error *error) MUST_CHECK;

#endif
