/* SPDX-License-Identifier: Apache-2.0 */
/* The questions. Each function first does what is the same for every backend: it refuses a question
   that the backend does not have, answers what needs no backend, and normalizes users. Then it
   calls the backend. */
#include "tagstore/backend.h"

/* The backend does not have the operation. */
static bool refuse_question(const char *question, struct error *error)
{
    return error_set(error, ERROR_QUERY, "this tagstore cannot answer %s", question);
}

bool tagstore_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                struct tag_key *tag_key, struct error *error)
{
    if (store->operations->get_group_tag_key == NULL)
        return refuse_question("get_group_tag_key", error);
    return store->operations->get_group_tag_key(store, place, tag_key, error);
}

bool tagstore_get_group_tag_keys(struct tagstore *store, const struct tag_place *place,
                                 int64_t limit, struct tag_key_list *keys, struct error *error)
{
    if (store->operations->get_group_tag_keys == NULL)
        return refuse_question("get_group_tag_keys", error);
    keys->count = 0;
    return store->operations->get_group_tag_keys(store, place, limit, keys, error);
}

bool tagstore_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                  struct group_tag_value *row, struct error *error)
{
    if (store->operations->get_group_tag_value == NULL)
        return refuse_question("get_group_tag_value", error);
    if (place->value[0] == '\0')
        return error_set(error, ERROR_NOT_FOUND, "there is no such tag value");
    return store->operations->get_group_tag_value(store, place, row, error);
}

bool tagstore_estimate_values(struct tagstore *store, const struct tag_place *place, int64_t *count,
                              struct error *error)
{
    if (store->operations->estimate_values == NULL)
        return refuse_question("estimate_values", error);
    return store->operations->estimate_values(store, place, count, error);
}

bool tagstore_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                       const struct tag_id_list *group_ids,
                                       struct group_tag_value_list *rows, struct error *error)
{
    if (store->operations->get_group_list_tag_value == NULL)
        return refuse_question("get_group_list_tag_value", error);
    rows->count = 0;
    return group_ids->count == 0 || place->value[0] == '\0' ||
           store->operations->get_group_list_tag_value(store, place, group_ids, rows, error);
}

bool tagstore_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                        int64_t *count, struct error *error)
{
    if (store->operations->get_group_tag_value_count == NULL)
        return refuse_question("get_group_tag_value_count", error);
    return store->operations->get_group_tag_value_count(store, place, count, error);
}

bool tagstore_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                       int64_t limit, struct group_tag_value_list *rows,
                                       struct error *error)
{
    if (store->operations->get_top_group_tag_values == NULL)
        return refuse_question("get_top_group_tag_values", error);
    rows->count = 0;
    return store->operations->get_top_group_tag_values(store, place, limit, rows, error);
}

bool tagstore_get_group_tag_keys_and_top_values(struct tagstore *store,
                                                const struct tag_place *place,
                                                struct tag_key_summary_list *keys,
                                                struct error *error)
{
    if (store->operations->get_group_tag_keys_and_top_values == NULL)
        return refuse_question("get_group_tag_keys_and_top_values", error);
    keys->count = 0;
    return store->operations->get_group_tag_keys_and_top_values(store, place, keys, error);
}

bool tagstore_get_first_release(struct tagstore *store, const struct tag_place *place,
                                struct arena *arena, const char **version, struct error *error)
{
    *version = NULL;
    if (store->operations->get_first_release == NULL)
        return refuse_question("get_first_release", error);
    return store->operations->get_first_release(store, place, arena, version, error);
}

bool tagstore_get_last_release(struct tagstore *store, const struct tag_place *place,
                               struct arena *arena, const char **version, struct error *error)
{
    *version = NULL;
    if (store->operations->get_last_release == NULL)
        return refuse_question("get_last_release", error);
    return store->operations->get_last_release(store, place, arena, version, error);
}

/* Without projects or versions there are no releases. */
bool tagstore_get_release_tags(struct tagstore *store, const struct release_query *query,
                               struct group_tag_value_list *rows, struct error *error)
{
    if (store->operations->get_release_tags == NULL)
        return refuse_question("get_release_tags", error);
    rows->count = 0;
    return query->project_ids.count == 0 || query->version_count == 0 ||
           store->operations->get_release_tags(store, query, rows, error);
}

/* Without tags no event is found, rather than every event. */
bool tagstore_get_group_event_ids(struct tagstore *store, const struct tag_place *place,
                                  const struct tag_list *tags,
                                  const struct tagstore_listener *listener, struct error *error)
{
    if (store->operations->get_group_event_ids == NULL)
        return refuse_question("get_group_event_ids", error);
    return tags->count == 0 ||
           store->operations->get_group_event_ids(store, place, tags, listener, error);
}

/* A condition TAG_EMPTY is met by no group. */
bool tagstore_get_group_ids_for_search_filter(struct tagstore *store, const struct tag_place *place,
                                              const struct tag_condition_list *conditions,
                                              struct tag_id_list *group_ids, struct error *error)
{
    if (store->operations->get_group_ids_for_search_filter == NULL)
        return refuse_question("get_group_ids_for_search_filter", error);
    group_ids->count = 0;
    if (conditions->count == 0)
        return error_set(error, ERROR_INVALID, "a search filter needs a condition");
    for (size_t i = 0; i < conditions->count; i++)
        if (conditions->items[i].match == TAG_EMPTY)
            return true;
    return store->operations->get_group_ids_for_search_filter(store, place, conditions, group_ids,
                                                              error);
}

/* ---- users ---- */

/* "" is no attribute. */
static const char *attribute_or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool has_attribute(const struct event_user *user)
{
    return user->ident != NULL || user->email != NULL || user->username != NULL ||
           user->ip_address != NULL;
}

/* Adds a user in one of its projects; skips a user without attributes. Returns the new count. */
static size_t add_user(struct tagstore_user *list, size_t count, const struct tagstore_user *user,
                       int64_t project_id)
{
    const struct event_user *asked = &user->attributes;
    list[count] =
        (struct tagstore_user){.project_id = project_id,
                               .attributes = {.ident = attribute_or_null(asked->ident),
                                              .email = attribute_or_null(asked->email),
                                              .username = attribute_or_null(asked->username),
                                              .ip_address = attribute_or_null(asked->ip_address)}};
    return count + has_attribute(&list[count].attributes);
}

/* The backend gets each user once per project in which the user is looked for. */
bool tagstore_get_group_ids_for_users(struct tagstore *store,
                                      const struct tagstore_user_query *query,
                                      struct tag_id_list *group_ids, struct error *error)
{
    const struct tag_id_list *projects = &query->project_ids;
    struct tagstore_user_query asked = {.limit = query->limit};
    if (store->operations->get_group_ids_for_users == NULL)
        return refuse_question("get_group_ids_for_users", error);
    group_ids->count = 0;
    struct tagstore_user *list = arena_array(group_ids->arena, projects->count + 1,
                                             (query->user_count + 1) * sizeof(*list), error);
    if (list == NULL)
        return false;
    for (size_t i = 0; i < query->user_count; i++)
        for (size_t j = 0; j < projects->count; j++)
            if (query->users[i].project_id == 0 || query->users[i].project_id == projects->items[j])
                asked.user_count =
                    add_user(list, asked.user_count, &query->users[i], projects->items[j]);
    asked.users = list;
    return asked.user_count == 0 ||
           store->operations->get_group_ids_for_users(store, &asked, group_ids, error);
}

bool tagstore_get_group_tag_values_for_users(struct tagstore *store,
                                             const struct tagstore_user_query *query,
                                             struct user_tag_value_list *rows, struct error *error)
{
    struct tagstore_user_query asked = {.limit = query->limit};
    if (store->operations->get_group_tag_values_for_users == NULL)
        return refuse_question("get_group_tag_values_for_users", error);
    rows->count = 0;
    struct tagstore_user *list =
        arena_array(rows->arena, query->user_count + 1, sizeof(*list), error);
    if (list == NULL)
        return false;
    for (size_t i = 0; i < query->user_count; i++)
        asked.user_count =
            add_user(list, asked.user_count, &query->users[i], query->users[i].project_id);
    asked.users = list;
    return asked.user_count == 0 ||
           store->operations->get_group_tag_values_for_users(store, &asked, rows, error);
}

/* The backend adds to counts of 0. */
bool tagstore_get_groups_user_counts(struct tagstore *store, const struct tag_place *place,
                                     const struct tag_id_list *group_ids, int64_t *counts,
                                     struct error *error)
{
    if (store->operations->get_groups_user_counts == NULL)
        return refuse_question("get_groups_user_counts", error);
    for (size_t i = 0; i < group_ids->count; i++)
        counts[i] = 0;
    return group_ids->count == 0 ||
           store->operations->get_groups_user_counts(store, place, group_ids, counts, error);
}
