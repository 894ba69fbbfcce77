/* SPDX-License-Identifier: Apache-2.0 */
/* Which group an event belongs to: its hashes decide. */
#ifndef EVENT_GROUPHASH_H
#define EVENT_GROUPHASH_H

#include "event/batch.h"
#include "model/group.h"
#include "model/named_row.h"

/* The groups of a batch's events, and how many events each got. */
struct grouping {
    struct group_count *known; /* groups that existed before the batch; sorted by id */
    size_t known_count;
    struct group_row *made; /* groups that the batch has made, with its events counted */
    size_t made_count;

    struct named_row *hashes; /* of all events; sorted */
    int64_t *hash_groups;     /* the group of each hash */
    size_t hash_count;
};

/* Gives each event its group. It is the group of the event's first hash that has one; if none has,
   a new group is made from the event. The event's hashes that have no group get this one. Events
   of the batch that share a hash get the same groups as if each had been saved alone, in order.
   Works within the caller's transaction. ERROR_CONFLICT: another writer was quicker; roll back and
   try again. The lists of *grouping are in the batch's arena. */
bool grouphash_assign(const struct event_batch *batch, struct grouping *grouping,
                      struct error *error) MUST_CHECK;

#endif
