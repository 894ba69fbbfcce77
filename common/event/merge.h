/*
 * Merging groups (issues): what is known of a group becomes part of another one of its project, and
 * a redirect leads from the old id to it. Everything that ingest has written goes along: events and
 * their tags, hashes, counters, the sums of the tagstore, redirects of earlier merges.
 */
#ifndef EVENT_MERGE_H
#define EVENT_MERGE_H

#include "client/pg.h"
#include "tagstore/tagstore.h"

/* What a merge has moved. */
struct merge_result {
    bool merged; /* false: it was done before, nothing has changed */
    int64_t events, hashes, redirects;
};

/* Looks, before anything is changed, whether all these groups can be merged into `into`.
   *destination_id is that group, or the one that it was merged into itself. ERROR_NOT_FOUND names a
   group that there is not; ERROR_INVALID: the destination is among the groups, or a group belongs
   to another project; ERROR_CONFLICT: a group was merged into yet another one, or this is the
   database of a Sentry, which has more tables of groups than exportd knows. A group that was merged
   into the destination before is fine. */
bool merge_check(struct pg *pg, int64_t into, const int64_t *group_ids, size_t count,
                 int64_t *destination_id, struct error *error) MUST_CHECK;

/* Merges a group into another in one transaction; events of both may be ingested meanwhile. Tries
   again when another writer was in the way. Errors as merge_check. */
bool merge_group(struct pg *pg, struct tagstore *tagstore, int64_t group_id, int64_t destination_id,
                 struct merge_result *result, struct error *error) MUST_CHECK;

#endif
