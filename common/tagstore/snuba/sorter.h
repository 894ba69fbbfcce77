/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the rows of an export into its order (first_seen descending, then value bytewise) in bounded
 * memory: what does not fit is sorted in pieces, which wait in one temporary file without a name
 * and are merged as they are read. Few rows touch no disk.
 */
#ifndef TAGSTORE_SNUBA_SORTER_H
#define TAGSTORE_SNUBA_SORTER_H

#include "base/arena.h"
#include "tagstore/tagstore.h"

struct sorter;

/* `memory` bounds the rows kept in memory, with some 50 bytes for each beside its value; `tmpdir`,
   where the file is made when it is needed, must outlive the sorter. NULL without memory. */
struct sorter *sorter_new(const char *tmpdir, size_t memory);
void sorter_free(struct sorter *sorter);

/* Takes a copy of a row: its value, times_seen and times. ERROR_AWAY: no memory, no room on the
   disk; other errors of making and writing a temporary file. */
bool sorter_put(struct sorter *sorter, const struct group_tag_value *row,
                struct error *error) MUST_CHECK;

/* All rows are there: only sorter_next may follow. Errors as sorter_put. */
bool sorter_finish(struct sorter *sorter, struct error *error) MUST_CHECK;

/* The next row, its value in `arena`, its group_id 0; *found is false after the last one. Errors of
   reading the file; ERROR_INTERNAL if it is not as it was written. */
bool sorter_next(struct sorter *sorter, struct arena *arena, struct group_tag_value *row,
                 bool *found, struct error *error) MUST_CHECK;

/* How many rows were put, and how many pieces are in the file. */
int64_t sorter_rows(const struct sorter *sorter);
size_t sorter_runs(const struct sorter *sorter);

#endif
