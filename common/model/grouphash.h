/* SPDX-License-Identifier: Apache-2.0 */
/* Group hashes: which fingerprint of a project's events leads to which group. */
#ifndef MODEL_GROUPHASH_H
#define MODEL_GROUPHASH_H

#include "base/arena.h"
#include "client/pg.h"
#include "model/named_row.h"

/* `rows` are a project's hashes, sorted by named_rows_sort; group_ids[i] belongs to row i and is 0
   where the hash has no group. */

/* Fills the id and the group of each row that is there. Takes no lock. */
bool grouphash_read(struct pg *pg, struct named_row *rows, int64_t *group_ids, size_t count,
                    struct error *error) MUST_CHECK;

/* Makes the rows whose id is 0. A row that another transaction is making is waited for. */
bool grouphash_create(struct pg *pg, const struct named_row *rows, size_t count,
                      struct error *error) MUST_CHECK;

/* Locks the rows that have no group until the end of the transaction, and reads all anew. */
bool grouphash_lock(struct pg *pg, struct named_row *rows, int64_t *group_ids, size_t count,
                    struct error *error) MUST_CHECK;

/* Gives row ids[i] to the group group_ids[i]. No hash changes groups: ERROR_CONFLICT if one of them
   has a group already. */
bool grouphash_take(struct pg *pg, const int64_t *ids, const int64_t *group_ids, size_t count,
                    struct error *error) MUST_CHECK;

/* Locks the hashes of a group in the order of named_rows_sort, as far as they are known by now. */
bool grouphash_lock_of_group(struct pg *pg, int64_t group_id, struct error *error) MUST_CHECK;

/* Gives a group's hashes to another group, with which it is merged. *moved counts them. */
bool grouphash_move(struct pg *pg, int64_t group_id, int64_t destination_group_id, int64_t *moved,
                    struct error *error) MUST_CHECK;

/* ---- reading, for those who tell events' groups by their hashes ---- */

struct group_hash {
    int64_t group_id;
    const char *hash; /* 32 hexadecimal digits in lower case: of any other text its MD5, as Snuba */
                      /* stores it */
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
    int64_t after; /* groups of ids above it */
    size_t max;
};

/* The hashes of groups, or of a project's groups: at most `max`, by group, then by hash; in
 * `arena`.
 */
bool grouphash_of_groups(struct pg *pg, const struct hashes_of_groups *wanted, struct arena *arena,
                         struct group_hashes *hashes, struct error *error) MUST_CHECK;
bool grouphash_of_project(struct pg *pg, const struct hashes_of_project *wanted,
                          struct arena *arena, struct group_hashes *hashes,
                          struct error *error) MUST_CHECK;

#endif
