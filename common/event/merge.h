/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging groups (issues). A group becomes part of another group of its project, and a redirect
 * leads from its id to the other group. Everything that ingest has written moves: events and their
 * tags, hashes, counters, the sums of the tagstore, and redirects of earlier merges.
 */
#ifndef EVENT_MERGE_H
#define EVENT_MERGE_H

#include "client/pg.h"
#include "tagstore/tagstore.h"

/* Groups that become part of one group, the destination. */
struct merge {
    struct pg *pg;
    struct tagstore *tagstore; /* over the same connection: one transaction */
    int64_t into;              /* the destination that the caller asks for */
    int64_t *group_ids;        /* the groups to merge */
    size_t count;
    int64_t destination_id; /* set by merge_check: `into`, or the group into which it was merged */
};

/* What the merge of one group has moved. */
struct merge_result {
    bool merged; /* false: the group was merged before, and nothing has changed */
    int64_t events, hashes, redirects;
};

/* Checks whether all groups can be merged, and finds the destination. Changes nothing.
   ERROR_NOT_FOUND: a group does not exist; the message names it.
   ERROR_INVALID: the destination is among the groups, or a group belongs to another project.
   ERROR_CONFLICT: a group was merged into a third group before, or this is the database of a
   Sentry, which has more tables about groups than exportd knows.
   A group that was merged into the destination before is no error. */
bool merge_check(struct merge *merge, struct error *error) MUST_CHECK;

/* Merges one of the groups in one transaction, after merge_check. Events of both groups may be
   ingested at the same time. Tries again if another writer was in the way. Errors as
   merge_check. */
bool merge_group(const struct merge *merge, int64_t group_id, struct merge_result *result,
                 struct error *error) MUST_CHECK;

#endif
