/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that somebody asks about: sorted, each once, some at a time. */
#ifndef TAGSTORE_SNUBA_GROUP_LIST_H
#define TAGSTORE_SNUBA_GROUP_LIST_H

#include "tagstore/tagstore.h"

struct snuba_group_list {
    int64_t *ids;
    size_t count;
    size_t next;  /* the first that was not asked about yet */
    size_t asked; /* how many were the last time */
    size_t at_once;
};

/* The list is in the arena. */
bool snuba_group_list_start(struct snuba_group_list *list, const struct tag_id_list *group_ids,
                            struct arena *arena, struct error *error) MUST_CHECK;

/* The next groups for one request; false: there are no more. */
bool snuba_group_list_next(struct snuba_group_list *list, struct tag_id_list *some) MUST_CHECK;

/* After a request that failed: whether the same groups are to be asked about again in smaller
   parts, because they were too many (ERROR_TOO_LARGE: their hashes). */
bool snuba_group_list_retry(struct snuba_group_list *list, const struct error *error) MUST_CHECK;

#endif
