/* SPDX-License-Identifier: Apache-2.0 */
/* Group hashes (sentry_grouphash): which group the events of a project with a hash belong to. */
#ifndef MODEL_GROUPHASH_H
#define MODEL_GROUPHASH_H

#include "base/arena.h"
#include "client/pg.h"
#include "model/named_row.h"

/* `rows` are hashes of projects, sorted by named_rows_sort. group_ids[i] is the group of row i; 0:
   the hash has no group. */

/* Fills in the id and the group of each row that exists. Takes no lock. */
bool grouphash_read(struct pg *pg, struct named_row *rows, int64_t *group_ids, size_t count,
                    struct error *error) MUST_CHECK;

/* Inserts the rows whose id is 0. Waits for a row that another transaction is inserting. */
bool grouphash_create(struct pg *pg, const struct named_row *rows, size_t count,
                      struct error *error) MUST_CHECK;

/* Locks the rows without a group until the end of the transaction, then reads all rows again.
   ERROR_CONFLICT if a row is gone. */
bool grouphash_lock(struct pg *pg, struct named_row *rows, int64_t *group_ids, size_t count,
                    struct error *error) MUST_CHECK;

/* Gives row ids[i] to the group group_ids[i]. ERROR_CONFLICT if a row has a group already: only a
   merge moves a hash to another group. */
bool grouphash_take(struct pg *pg, const int64_t *ids, const int64_t *group_ids, size_t count,
                    struct error *error) MUST_CHECK;

/* Locks the hashes that a group has now, in the order of named_rows_sort. */
bool grouphash_lock_of_group(struct pg *pg, int64_t group_id, struct error *error) MUST_CHECK;

/* Moves a group's hashes to the group that it is merged into. *moved: how many. */
bool grouphash_move(struct pg *pg, int64_t group_id, int64_t destination_group_id, int64_t *moved,
                    struct error *error) MUST_CHECK;

/* ---- reading: Snuba names the group of an event by its hash ---- */

struct group_hash {
    int64_t group_id;
    const char
        *hash; /* 32 hex digits in lower case. Of any other text it is the MD5, as in Snuba */
};

struct group_hashes {
    struct group_hash *items;
    size_t count;
};

struct hashes_of_groups {
    const int64_t *group_ids;
    size_t group_count;
    size_t max;
};

struct hashes_of_project {
    int64_t project_id;
    int64_t after; /* only groups with ids above it */
    size_t max;
};

/* Read the hashes of groups, or of a project's groups: at most `max`, by group, then by hash; in
   `arena`. */
bool grouphash_of_groups(struct pg *pg, const struct hashes_of_groups *wanted, struct arena *arena,
                         struct group_hashes *hashes, struct error *error) MUST_CHECK;
bool grouphash_of_project(struct pg *pg, const struct hashes_of_project *wanted,
                          struct arena *arena, struct group_hashes *hashes,
                          struct error *error) MUST_CHECK;

#endif
