/* SPDX-License-Identifier: Apache-2.0 */
/* The groups of a question: sorted, without duplicates, handed out in parts that fit into a
   request. */
#ifndef TAGSTORE_SNUBA_GROUP_LIST_H
#define TAGSTORE_SNUBA_GROUP_LIST_H

#include "tagstore/tagstore.h"

struct snuba_group_list {
    int64_t *ids;
    size_t count;
    size_t next;    /* index of the first group that was not handed out */
    size_t asked;   /* how many groups the last part has */
    size_t at_once; /* the most groups of a part */
};

/* The list is in `arena`. */
bool snuba_group_list_start(struct snuba_group_list *list, const struct tag_id_list *group_ids,
                            struct arena *arena, struct error *error) MUST_CHECK;

/* Hands out the groups for the next request. Returns false if there are no more. */
bool snuba_group_list_next(struct snuba_group_list *list, struct tag_id_list *some) MUST_CHECK;

/* After a failed request: returns true if its groups were too many (ERROR_TOO_LARGE: their hashes).
   snuba_group_list_next then hands them out again in smaller parts. */
bool snuba_group_list_retry(struct snuba_group_list *list, const struct error *error) MUST_CHECK;

#endif
