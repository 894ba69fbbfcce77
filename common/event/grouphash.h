/* SPDX-License-Identifier: Apache-2.0 */
/* Which group an event belongs to: its hashes decide. */
#ifndef EVENT_GROUPHASH_H
#define EVENT_GROUPHASH_H

#include "event/batch.h"
#include "model/group.h"
#include "model/named_row.h"

/* What became of a batch's events: the groups they belong to, and how many fell to each. */
struct grouping {
    struct group_count *known; /* groups that were there; sorted by id */
    size_t known_count;
    struct group_row *made; /* groups that were made, already counted */
    size_t made_count;

    struct named_row *hashes; /* of all events; sorted */
    int64_t *hash_groups;     /* the group of each */
    size_t hash_count;
};

/* Gives each event its group: that of its first hash that has one, else a new one made from the
   event; hashes without a group are taken over by the event's. Events that share a hash within the
   batch end in one group as if they came one after another. Within the caller's transaction;
   ERROR_CONFLICT: another writer was quicker, roll back and try again. Lists in the batch's arena.
 */
bool grouphash_assign(const struct event_batch *batch, struct grouping *grouping,
                      struct error *error) MUST_CHECK;

#endif
