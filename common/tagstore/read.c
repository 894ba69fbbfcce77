/* The read methods: what is the same for every backend, then the backend. */
#include "tagstore/backend.h"

/* What every question comes to that a backend has left out. */
static bool cannot(const char *question, struct error *error)
{
    return error_set(error, ERROR_QUERY, "this tagstore cannot answer %s", question);
}

bool tagstore_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                struct tag_key *tag_key, struct error *error)
{
    if (store->operations->get_group_tag_key == NULL)
        return cannot("get_group_tag_key", error);
    return store->operations->get_group_tag_key(store, place, tag_key, error);
}

bool tagstore_get_group_tag_keys(struct tagstore *store, const struct tag_place *place,
                                 int64_t limit, struct arena *arena, struct tag_key **keys,
                                 size_t *count, struct error *error)
{
    if (store->operations->get_group_tag_keys == NULL)
        return cannot("get_group_tag_keys", error);
    *count = 0;
    return store->operations->get_group_tag_keys(store, place, limit, arena, keys, count, error);
}

bool tagstore_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                  struct group_tag_value *row, struct error *error)
{
    if (store->operations->get_group_tag_value == NULL)
        return cannot("get_group_tag_value", error);
    if (place->value[0] == '\0')
        return error_set(error, ERROR_NOT_FOUND, "there is no such tag value");
    return store->operations->get_group_tag_value(store, place, row, error);
}

bool tagstore_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                       const int64_t *group_ids, size_t group_count,
                                       struct arena *arena, struct group_tag_value **rows,
                                       size_t *count, struct error *error)
{
    if (store->operations->get_group_list_tag_value == NULL)
        return cannot("get_group_list_tag_value", error);
    *count = 0;
    return group_count == 0 || place->value[0] == '\0' ||
           store->operations->get_group_list_tag_value(store, place, group_ids, group_count, arena,
                                                       rows, count, error);
}

bool tagstore_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                        int64_t *count, struct error *error)
{
    if (store->operations->get_group_tag_value_count == NULL)
        return cannot("get_group_tag_value_count", error);
    return store->operations->get_group_tag_value_count(store, place, count, error);
}

bool tagstore_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                       int64_t limit, struct arena *arena,
                                       struct group_tag_value **rows, size_t *count,
                                       struct error *error)
{
    if (store->operations->get_top_group_tag_values == NULL)
        return cannot("get_top_group_tag_values", error);
    *count = 0;
    return store->operations->get_top_group_tag_values(store, place, limit, arena, rows, count,
                                                       error);
}

bool tagstore_get_group_tag_keys_and_top_values(struct tagstore *store,
                                                const struct tag_place *place, struct arena *arena,
                                                struct tag_key_summary **keys, size_t *count,
                                                struct error *error)
{
    if (store->operations->get_group_tag_keys_and_top_values == NULL)
        return cannot("get_group_tag_keys_and_top_values", error);
    *count = 0;
    return store->operations->get_group_tag_keys_and_top_values(store, place, arena, keys, count,
                                                                error);
}

bool tagstore_get_first_release(struct tagstore *store, int64_t project_id, int64_t group_id,
                                struct arena *arena, const char **version, struct error *error)
{
    if (store->operations->get_release == NULL)
        return cannot("get_first_release", error);
    *version = NULL;
    return store->operations->get_release(store, project_id, group_id, false, arena, version,
                                          error);
}

bool tagstore_get_last_release(struct tagstore *store, int64_t project_id, int64_t group_id,
                               struct arena *arena, const char **version, struct error *error)
{
    if (store->operations->get_release == NULL)
        return cannot("get_last_release", error);
    *version = NULL;
    return store->operations->get_release(store, project_id, group_id, true, arena, version, error);
}

bool tagstore_get_release_tags(struct tagstore *store, const int64_t *project_ids,
                               size_t project_count, int64_t environment_id,
                               const char *const *versions, size_t version_count,
                               struct arena *arena, struct group_tag_value **rows, size_t *count,
                               struct error *error)
{
    if (store->operations->get_release_tags == NULL)
        return cannot("get_release_tags", error);
    *count = 0;
    return project_count == 0 || version_count == 0 ||
           store->operations->get_release_tags(store, project_ids, project_count, environment_id,
                                               versions, version_count, arena, rows, count, error);
}

/* An empty list of alternatives is met by nothing, not by everything. */
bool tagstore_get_group_event_ids(struct tagstore *store, const struct tag_place *place,
                                  const struct tag *tags, size_t tag_count,
                                  tagstore_text_function *tell, void *context, struct error *error)
{
    if (store->operations->get_group_event_ids == NULL)
        return cannot("get_group_event_ids", error);
    return tag_count == 0 || store->operations->get_group_event_ids(store, place, tags, tag_count,
                                                                    tell, context, error);
}

bool tagstore_get_group_ids_for_search_filter(struct tagstore *store, int64_t project_id,
                                              int64_t environment_id,
                                              const struct tag_condition *conditions,
                                              size_t condition_count, struct arena *arena,
                                              int64_t **group_ids, size_t *count,
                                              struct error *error)
{
    if (store->operations->get_group_ids_for_search_filter == NULL)
        return cannot("get_group_ids_for_search_filter", error);
    *count = 0;
    if (condition_count == 0)
        return error_set(error, ERROR_INVALID, "a search filter needs a condition");
    for (size_t i = 0; i < condition_count; i++)
        if (conditions[i].match == TAG_EMPTY)
            return true;
    return store->operations->get_group_ids_for_search_filter(store, project_id, environment_id,
                                                              conditions, condition_count, arena,
                                                              group_ids, count, error);
}

/* ---- users ---- */

static const char *attribute(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool has_attribute(const struct event_user *user)
{
    return user->ident != NULL || user->email != NULL || user->username != NULL ||
           user->ip_address != NULL;
}

/* A user in one of its projects; without any attribute it is passed over. */
static size_t add_user(struct tagstore_user *list, size_t count, const struct tagstore_user *user,
                       int64_t project_id)
{
    const struct event_user *asked = &user->attributes;
    list[count] =
        (struct tagstore_user){.project_id = project_id,
                               .attributes = {.ident = attribute(asked->ident),
                                              .email = attribute(asked->email),
                                              .username = attribute(asked->username),
                                              .ip_address = attribute(asked->ip_address)}};
    return count + has_attribute(&list[count].attributes);
}

/* Every user with each project that it is asked for in. */
bool tagstore_get_group_ids_for_users(struct tagstore *store, const int64_t *project_ids,
                                      size_t project_count, const struct tagstore_user *users,
                                      size_t user_count, int64_t limit, struct arena *arena,
                                      int64_t **group_ids, size_t *count, struct error *error)
{
    if (store->operations->get_group_ids_for_users == NULL)
        return cannot("get_group_ids_for_users", error);
    size_t asked = 0;
    struct tagstore_user *list =
        arena_array(arena, project_count + 1, (user_count + 1) * sizeof(*list), error);
    *count = 0;
    if (list == NULL)
        return false;
    for (size_t i = 0; i < user_count; i++)
        for (size_t j = 0; j < project_count; j++)
            if (users[i].project_id == 0 || users[i].project_id == project_ids[j])
                asked = add_user(list, asked, &users[i], project_ids[j]);
    return asked == 0 || store->operations->get_group_ids_for_users(store, list, asked, limit,
                                                                    arena, group_ids, count, error);
}

bool tagstore_get_group_tag_values_for_users(struct tagstore *store,
                                             const struct tagstore_user *users, size_t user_count,
                                             int64_t limit, struct arena *arena,
                                             struct user_tag_value **rows, size_t *count,
                                             struct error *error)
{
    if (store->operations->get_group_tag_values_for_users == NULL)
        return cannot("get_group_tag_values_for_users", error);
    size_t asked = 0;
    struct tagstore_user *list = arena_array(arena, user_count + 1, sizeof(*list), error);
    *count = 0;
    if (list == NULL)
        return false;
    for (size_t i = 0; i < user_count; i++)
        asked = add_user(list, asked, &users[i], users[i].project_id);
    return asked == 0 || store->operations->get_group_tag_values_for_users(
                             store, list, asked, limit, arena, rows, count, error);
}

bool tagstore_get_groups_user_counts(struct tagstore *store, int64_t project_id,
                                     const int64_t *group_ids, size_t group_count,
                                     int64_t environment_id, int64_t *counts, struct error *error)
{
    if (store->operations->get_groups_user_counts == NULL)
        return cannot("get_groups_user_counts", error);
    for (size_t i = 0; i < group_count; i++)
        counts[i] = 0;
    return group_count == 0 ||
           store->operations->get_groups_user_counts(store, project_id, group_ids, group_count,
                                                     environment_id, counts, error);
}
