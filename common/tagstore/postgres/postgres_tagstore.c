#include "tagstore/postgres/postgres_tagstore.h"

#include "tagstore/postgres/operations.h"

bool postgres_find_key(struct pg *pg, int64_t project_id, int64_t environment_id, const char *key,
                       int64_t *id, int64_t *values_seen, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, project_id);
    pg_bind_int(&params, environment_id);
    pg_bind_text(&params, key);
    if (!pg_query(pg,
                  "SELECT id, values_seen FROM tagstore_tagkey"
                  " WHERE project_id = $1::bigint AND environment_id = $2::bigint"
                  " AND key = $3::text AND status = 0", /* visible: not pending deletion */
                  &params, &result, error))
        return false;
    bool found = pg_rows(result) > 0;
    *id = found ? pg_int(result, 0, 0) : 0;
    *values_seen = found ? pg_int(result, 0, 1) : 0;
    pg_result_free(result);
    return true;
}

static bool get_tag_key(struct tagstore *store, int64_t project_id, int64_t environment_id,
                        const char *key, struct arena *arena, struct tag_key *tag_key,
                        struct error *error)
{
    struct postgres_tagstore *postgres = (struct postgres_tagstore *)store;
    int64_t id = 0;
    if (!postgres_find_key(postgres->pg, project_id, environment_id, key, &id,
                           &tag_key->values_seen, error))
        return false;
    if (id == 0)
        return error_set(error, ERROR_NOT_FOUND, "the project has no such tag key");
    tag_key->key = arena_copy(arena, key, strlen(key), error);
    return tag_key->key != NULL;
}

static void free_store(struct tagstore *store)
{
    value_cache_free(((struct postgres_tagstore *)store)->values);
    free(store);
}

static const struct tagstore_operations operations = {
    .free = free_store,
    .get_tag_key = get_tag_key,
    .open_group_tag_values = postgres_open_group_tag_values,
    .next_page = postgres_next_page,
    .close = postgres_close,
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
    struct postgres_tagstore *store = malloc(sizeof(*store));
    if (store == NULL)
        return NULL;
    *store = (struct postgres_tagstore){.base = {.operations = &operations}, .pg = pg};
    return &store->base;
}
