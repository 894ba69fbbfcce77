/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorts the rows of an export (first_seen descending, then value bytewise) in bounded memory. Rows
 * that do not fit are written to a temporary file without a name as sorted runs, which are merged
 * while they are read. A few rows use no disk.
 */
#ifndef TAGSTORE_SNUBA_SORTER_H
#define TAGSTORE_SNUBA_SORTER_H

#include "base/arena.h"
#include "tagstore/tagstore.h"

struct sorter;

/* `memory` bounds the bytes of the rows in memory; a row takes some 50 bytes beside its value.
   `tmpdir` is where the file is created when it is needed; it must outlive the sorter. NULL without
   memory. */
struct sorter *sorter_new(const char *tmpdir, size_t memory);
void sorter_free(struct sorter *sorter);

/* Adds a copy of a row: its value, times_seen, first_seen and last_seen. ERROR_AWAY: no memory, or
   the disk is full. Other errors: the temporary file cannot be created or written. */
bool sorter_put(struct sorter *sorter, const struct group_tag_value *row,
                struct error *error) MUST_CHECK;

/* To be called after the last row; only sorter_next may follow. Errors as sorter_put. */
bool sorter_finish(struct sorter *sorter, struct error *error) MUST_CHECK;

/* Returns the next row, with its value in `arena` and group_id 0. *found is false after the last
   row. ERROR_INTERNAL: the file is not as it was written. Other errors: the file cannot be read. */
bool sorter_next(struct sorter *sorter, struct arena *arena, struct group_tag_value *row,
                 bool *found, struct error *error) MUST_CHECK;

/* How many rows were added, and how many runs are in the file. */
int64_t sorter_rows(const struct sorter *sorter);
size_t sorter_runs(const struct sorter *sorter);

#endif
