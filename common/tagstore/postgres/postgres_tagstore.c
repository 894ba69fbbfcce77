/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/tagstore/methods_test.c. */
#include "tagstore/postgres/postgres_tagstore.h"

#include "tagstore/postgres/operations.h"

bool postgres_find_key(struct pg *pg, const struct tag_place *place, int64_t *id,
                       struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, place->project_id);
    pg_bind_int(&params, place->environment_id);
    pg_bind_text(&params, place->key);
    return pg_query_int(pg,
                        "SELECT id FROM tagstore_tagkey"
                        " WHERE project_id = $1::bigint AND environment_id = $2::bigint"
                        " AND key = $3::text AND status = 0", /* visible: not pending deletion */
                        &params, id, error);
}

static void free_store(struct tagstore *store)
{
    struct postgres_tagstore *postgres = (struct postgres_tagstore *)store;
    value_cache_free(postgres->values);
    free(postgres);
}

static void interrupt(struct tagstore *store)
{
    pg_interrupt(((struct postgres_tagstore *)store)->pg);
}

static const struct tagstore_operations operations = {
    .counted_as = "postgres",
    .free = free_store,
    .interrupt = interrupt,
    .get_group_tag_key = postgres_get_group_tag_key,
    .get_group_tag_keys = postgres_get_group_tag_keys,
    .get_group_tag_value = postgres_get_group_tag_value,
    .open_group_tag_values = postgres_open_group_tag_values,
    .next_page = postgres_next_page,
    .close = postgres_close,
    .estimate_values = postgres_estimate_values,
    .get_group_list_tag_value = postgres_get_group_list_tag_value,
    .get_group_tag_value_count = postgres_get_group_tag_value_count,
    .get_top_group_tag_values = postgres_get_top_group_tag_values,
    .get_group_tag_keys_and_top_values = postgres_get_group_tag_keys_and_top_values,
    .get_first_release = postgres_get_first_release,
    .get_last_release = postgres_get_last_release,
    .get_release_tags = postgres_get_release_tags,
    .get_group_event_ids = postgres_get_group_event_ids,
    .get_group_ids_for_search_filter = postgres_get_group_ids_for_search_filter,
    .get_group_ids_for_users = postgres_get_group_ids_for_users,
    .get_group_tag_values_for_users = postgres_get_group_tag_values_for_users,
    .get_groups_user_counts = postgres_get_groups_user_counts,
    .prepare = postgres_prepare,
    .record = postgres_record,
    .get_or_create = postgres_get_or_create,
    .incr_times_seen = postgres_incr_times_seen,
    .create_event_tags = postgres_create_event_tags,
    .delete_tag_key = postgres_delete_tag_key,
    .delete_all_group_tag_keys = postgres_delete_all_group_tag_keys,
    .delete_all_group_tag_values = postgres_delete_all_group_tag_values,
    .update_group_for_events = postgres_update_group_for_events,
    .update_group_tag_key_values_seen = postgres_update_group_tag_key_values_seen,
    .merge_group = postgres_merge_group,
};

struct tagstore *postgres_tagstore_new(struct pg *pg)
{
    struct postgres_tagstore *store = memory_alloc(sizeof(*store));
    if (store == NULL)
        return NULL;
    *store = (struct postgres_tagstore){.base = {.operations = &operations}, .pg = pg};
    return &store->base;
}
