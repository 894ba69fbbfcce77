/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging groups (issues): what is known of a group becomes part of another one of its project, and
 * a redirect leads from the old id to it. Everything that ingest has written goes along: events and
 * their tags, hashes, counters, the sums of the tagstore, redirects of earlier merges.
 */
#ifndef EVENT_MERGE_H
#define EVENT_MERGE_H

#include "client/pg.h"
#include "tagstore/tagstore.h"

/* Groups that become part of one. */
struct merge {
    struct pg *pg;
    struct tagstore *tagstore; /* over the same connection: one transaction */
    int64_t into;              /* the destination, as it was asked for */
    int64_t *group_ids;
    size_t count;
    int64_t destination_id; /* set by merge_check: `into`, or the group it was merged into itself */
};

/* What the merge of one group has moved. */
struct merge_result {
    bool merged; /* false: it was done before, nothing has changed */
    int64_t events, hashes, redirects;
};

/* Looks, before anything is changed, whether all groups can be merged, and finds the destination.
   ERROR_NOT_FOUND names a group that there is not; ERROR_INVALID: the destination is among the
   groups, or a group belongs to another project; ERROR_CONFLICT: a group was merged into yet
   another one, or this is the database of a Sentry, which has more tables of groups than exportd
   knows. A group that was merged into the destination before is fine. */
bool merge_check(struct merge *merge, struct error *error) MUST_CHECK;

/* Merges one of the groups, after merge_check, in one transaction; events of both may be ingested
   meanwhile. Tries again when another writer was in the way. Errors as merge_check. */
bool merge_group(const struct merge *merge, int64_t group_id, struct merge_result *result,
                 struct error *error) MUST_CHECK;

#endif
