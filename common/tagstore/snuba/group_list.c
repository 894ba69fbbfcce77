/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/snuba/group_list.h"

enum { GROUPS_AT_ONCE = 1000 };

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

bool snuba_group_list_start(struct snuba_group_list *list, const struct tag_id_list *group_ids,
                            struct arena *arena, struct error *error)
{
    size_t count = group_ids->count;
    *list = (struct snuba_group_list){.at_once = GROUPS_AT_ONCE};
    list->ids = arena_array(arena, count + 1, sizeof(*list->ids), error);
    if (list->ids == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        list->ids[i] = group_ids->items[i];
    qsort(list->ids, count, sizeof(*list->ids), compare_ids);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || list->ids[i] != list->ids[i - 1])
            list->ids[list->count++] = list->ids[i];
    return true;
}

bool snuba_group_list_next(struct snuba_group_list *list, struct tag_id_list *some)
{
    size_t left = list->count - list->next;
    list->asked = left < list->at_once ? left : list->at_once;
    *some = (struct tag_id_list){.items = &list->ids[list->next], .count = list->asked};
    list->next += list->asked;
    return list->asked > 0;
}

bool snuba_group_list_retry(struct snuba_group_list *list, const struct error *error)
{
    if (error->code != ERROR_TOO_LARGE || list->asked < 2)
        return false;
    list->next -= list->asked;
    list->at_once = list->asked / 2;
    return true;
}
