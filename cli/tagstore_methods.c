/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods of `exportd tagstore`. Each function asks one method of tagstore/tagstore.h what the
 * request says, and prints the answer; the list at the end says which arguments it takes. A method
 * of a project and that of a group share a function: the place of the former has no group.
 * Tested by tests/system/test_tagstore_methods.py.
 */
#include "cli/tagstore_methods.h"

#include "tagstore/label.h"

#define PAGE_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* How often an argument was given. */
static size_t count_of(const struct request *request, enum argument argument)
{
    return request->given[argument].count;
}

/* The ids given as PROJECT or GROUP. */
static struct tag_id_list ids_of(const struct request *request, enum argument argument)
{
    return (struct tag_id_list){.items =
                                    argument == PROJECT ? request->project_ids : request->group_ids,
                                .count = count_of(request, argument)};
}

/* ---- keys ---- */

static bool get_group_tag_key(const struct request *request, struct error *error)
{
    struct tag_key tag_key;
    return tagstore_get_group_tag_key(request->store, &request->place, &tag_key, error) &&
           print_tag_key(&request->printer, &tag_key, error);
}

static bool get_group_tag_keys(const struct request *request, struct error *error)
{
    struct tag_key_list keys = {.arena = request->arena};
    if (!tagstore_get_group_tag_keys(request->store, &request->place, request->limit, &keys, error))
        return false;
    for (size_t i = 0; i < keys.count; i++)
        if (!print_tag_key(&request->printer, &keys.items[i], error))
            return false;
    return true;
}

static bool get_group_tag_keys_and_top_values(const struct request *request, struct error *error)
{
    struct tag_key_summary_list keys = {.arena = request->arena};
    if (!tagstore_get_group_tag_keys_and_top_values(request->store, &request->place, &keys, error))
        return false;
    for (size_t i = 0; i < keys.count; i++)
        if (!print_key_summary(&request->printer, &keys.items[i], request->arena, error))
            return false;
    return true;
}

/* ---- values ---- */

static bool print_values(const struct request *request, const char *key,
                         const struct group_tag_value_list *rows, struct error *error)
{
    for (size_t i = 0; i < rows->count; i++)
        if (!print_tag_value(&request->printer, key, &rows->items[i], 0, error))
            return false;
    return true;
}

static bool get_group_tag_value(const struct request *request, struct error *error)
{
    struct group_tag_value row;
    return tagstore_get_group_tag_value(request->store, &request->place, &row, error) &&
           print_tag_value(&request->printer, request->place.key, &row, 0, error);
}

/* An empty page is the end. `arena` holds one page at a time. */
static bool print_pages(const struct request *request, struct tagstore_cursor *cursor,
                        struct arena *arena, struct error *error)
{
    struct group_tag_value_list page = {.arena = arena};
    do {
        arena_reset(arena);
        if (!tagstore_next_page(cursor, &page, error) ||
            !print_values(request, request->place.key, &page, error))
            return false;
    } while (page.count > 0);
    return true;
}

/* There may be any number of values: one page at a time is in memory. */
static bool get_group_tag_values(const struct request *request, struct error *error)
{
    const struct group_tag_value_query query = {.project_id = request->place.project_id,
                                                .group_id = request->place.group_id,
                                                .environment_id = request->place.environment_id,
                                                .key = request->place.key,
                                                .limit = request->limit,
                                                .page_size = request->page_size,
                                                .seen_only = true};
    struct tagstore_cursor *cursor = NULL;
    struct arena *page = arena_new(PAGE_BYTES_MAX);
    if (page == NULL)
        return error_no_memory(error);
    bool done = tagstore_open_group_tag_values(request->store, &query, &cursor, error) &&
                print_pages(request, cursor, page, error);
    tagstore_close(cursor);
    arena_free(page);
    return done;
}

static bool get_group_list_tag_value(const struct request *request, struct error *error)
{
    const struct tag_id_list groups = ids_of(request, GROUP);
    struct group_tag_value_list rows = {.arena = request->arena};
    return tagstore_get_group_list_tag_value(request->store, &request->place, &groups, &rows,
                                             error) &&
           print_values(request, request->place.key, &rows, error);
}

static bool get_group_tag_value_count(const struct request *request, struct error *error)
{
    int64_t count = 0;
    return tagstore_get_group_tag_value_count(request->store, &request->place, &count, error) &&
           print_number(&request->printer, "count", count, error);
}

static bool get_top_group_tag_values(const struct request *request, struct error *error)
{
    struct group_tag_value_list rows = {.arena = request->arena};
    return tagstore_get_top_group_tag_values(request->store, &request->place, request->limit, &rows,
                                             error) &&
           print_values(request, request->place.key, &rows, error);
}

/* ---- releases ---- */

static bool get_first_release(const struct request *request, struct error *error)
{
    const char *version = NULL;
    return tagstore_get_first_release(request->store, &request->place, request->arena, &version,
                                      error) &&
           print_text(&request->printer, "release", version, error);
}

static bool get_last_release(const struct request *request, struct error *error)
{
    const char *version = NULL;
    return tagstore_get_last_release(request->store, &request->place, request->arena, &version,
                                     error) &&
           print_text(&request->printer, "release", version, error);
}

static bool get_release_tags(const struct request *request, struct error *error)
{
    const struct release_query query = {.project_ids = ids_of(request, PROJECT),
                                        .environment_id = request->place.environment_id,
                                        .versions = request->given[VERSION].items,
                                        .version_count = count_of(request, VERSION)};
    struct group_tag_value_list rows = {.arena = request->arena};
    return tagstore_get_release_tags(request->store, &query, &rows, error) &&
           print_values(request, "release", &rows, error);
}

/* ---- events ---- */

/* Splits KEY=VALUE. The key becomes the stored one, such as sentry:release for release. */
static bool split_tag(const struct request *request, const char *text, struct tag *tag,
                      struct error *error)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return error_set(error, ERROR_USAGE, "--tag '%.60s': KEY=VALUE is needed", text);
    const char *key = arena_copy(request->arena, text, (size_t)(equals - text), error);
    tag->value = equals + 1;
    return key != NULL && tag_key_stored(key, request->arena, &tag->key, error);
}

static bool print_event_id(void *context, const char *event_id, struct error *error)
{
    const struct request *request = context;
    return print_text(&request->printer, "event_id", event_id, error);
}

/* Prints each id as it arrives. */
static bool get_group_event_ids(const struct request *request, struct error *error)
{
    size_t count = count_of(request, TAG);
    struct tag *tags = arena_array(request->arena, count, sizeof(*tags), error);
    if (tags == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!split_tag(request, request->given[TAG].items[i], &tags[i], error))
            return false;
    const struct tag_list list = {.items = tags, .count = count};
    const struct tagstore_listener printing = {.tell = print_event_id, .context = (void *)request};
    return tagstore_get_group_event_ids(request->store, &request->place, &list, &printing, error);
}

/* --tag, --any and --empty give conditions with these matches. */
static enum tag_match match_of(enum argument argument)
{
    return argument == TAG ? TAG_IS : argument == ANY ? TAG_ANY : TAG_EMPTY;
}

/* Writes the conditions of one option to `conditions`. */
static bool read_conditions(const struct request *request, enum argument argument,
                            struct tag_condition *conditions, struct error *error)
{
    const struct option_texts *given = &request->given[argument];
    enum tag_match match = match_of(argument);
    for (size_t i = 0; i < given->count; i++) {
        struct tag tag = {.value = ""};
        if (match == TAG_IS ? !split_tag(request, given->items[i], &tag, error)
                            : !tag_key_stored(given->items[i], request->arena, &tag.key, error))
            return false;
        conditions[i] = (struct tag_condition){.key = tag.key, .match = match, .value = tag.value};
    }
    return true;
}

static bool print_group_ids(const struct request *request, const struct tag_id_list *group_ids,
                            struct error *error)
{
    for (size_t i = 0; i < group_ids->count; i++)
        if (!print_number(&request->printer, "group_id", group_ids->items[i], error))
            return false;
    return true;
}

/* The conditions of the three options follow each other in one array. */
static bool get_group_ids_for_search_filter(const struct request *request, struct error *error)
{
    size_t tags = count_of(request, TAG);
    size_t any = count_of(request, ANY);
    size_t asked = tags + any + count_of(request, EMPTY);
    struct tag_id_list group_ids = {.arena = request->arena};
    if (asked == 0)
        return error_set(error, ERROR_USAGE, "--tag, --any or --empty is missing");
    struct tag_condition *conditions =
        arena_array(request->arena, asked, sizeof(*conditions), error);
    const struct tag_condition_list list = {.items = conditions, .count = asked};
    return conditions != NULL && read_conditions(request, TAG, conditions, error) &&
           read_conditions(request, ANY, conditions + tags, error) &&
           read_conditions(request, EMPTY, conditions + tags + any, error) &&
           tagstore_get_group_ids_for_search_filter(request->store, &request->place, &list,
                                                    &group_ids, error) &&
           print_group_ids(request, &group_ids, error);
}

/* ---- users ---- */

/* A user with one known attribute. */
static struct event_user user_of(enum argument argument, const char *text)
{
    return (struct event_user){.ident = argument == IDENT ? text : NULL,
                               .email = argument == EMAIL ? text : NULL,
                               .username = argument == USERNAME ? text : NULL,
                               .ip_address = argument == IP ? text : NULL};
}

/* Each attribute that was given is looked for in each project. */
static bool list_users(const struct request *request, struct tagstore_user_query *query,
                       struct error *error)
{
    static const enum argument attributes[] = {IDENT, EMAIL, USERNAME, IP};
    size_t given = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(attributes); i++)
        given += count_of(request, attributes[i]);
    struct tagstore_user *users =
        arena_array(request->arena, given, count_of(request, PROJECT) * sizeof(*users), error);
    *query = (struct tagstore_user_query){
        .project_ids = ids_of(request, PROJECT), .users = users, .limit = request->limit};
    if (users == NULL)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(attributes); i++)
        for (size_t j = 0; j < count_of(request, attributes[i]); j++)
            for (size_t k = 0; k < count_of(request, PROJECT); k++)
                users[query->user_count++] = (struct tagstore_user){
                    .project_id = request->project_ids[k],
                    .attributes = user_of(attributes[i], request->given[attributes[i]].items[j])};
    return true;
}

static bool get_group_ids_for_users(const struct request *request, struct error *error)
{
    struct tagstore_user_query query;
    struct tag_id_list group_ids = {.arena = request->arena};
    return list_users(request, &query, error) &&
           tagstore_get_group_ids_for_users(request->store, &query, &group_ids, error) &&
           print_group_ids(request, &group_ids, error);
}

static bool get_group_tag_values_for_users(const struct request *request, struct error *error)
{
    struct tagstore_user_query query;
    struct user_tag_value_list rows = {.arena = request->arena};
    if (!list_users(request, &query, error) ||
        !tagstore_get_group_tag_values_for_users(request->store, &query, &rows, error))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        if (!print_tag_value(&request->printer, "sentry:user", &rows.items[i].tag,
                             rows.items[i].project_id, error))
            return false;
    return true;
}

static bool get_groups_user_counts(const struct request *request, struct error *error)
{
    const struct tag_id_list groups = ids_of(request, GROUP);
    int64_t *counts = arena_array(request->arena, groups.count, sizeof(*counts), error);
    if (counts == NULL ||
        !tagstore_get_groups_user_counts(request->store, &request->place, &groups, counts, error))
        return false;
    for (size_t i = 0; i < groups.count; i++)
        if (!print_user_count(&request->printer, groups.items[i], counts[i], error))
            return false;
    return true;
}

/* ---- the list: arguments needed, optional and repeated, and the default limit ---- */

#define P     BIT(PROJECT)
#define G     BIT(GROUP)
#define E     BIT(ENVIRONMENT)
#define K     BIT(KEY)
#define V     BIT(VALUE)
#define L     BIT(LIMIT)
#define TAGS  (BIT(TAG) | BIT(ANY) | BIT(EMPTY))
#define USERS (BIT(IDENT) | BIT(EMAIL) | BIT(USERNAME) | BIT(IP))

const struct method tagstore_methods[] = {
    {"get_tag_key", P | K, E, 0, 0, "a key of the project", get_group_tag_key},
    {"get_tag_keys", P, E | L, 0, 0, "the keys of the project, most seen first",
     get_group_tag_keys},
    {"get_tag_value", P | K | V, E, 0, 0, "a value of the project", get_group_tag_value},
    {"get_tag_values", P | K, E | L, 0, 0, "all values of a key, newest first_seen first",
     get_group_tag_values},
    {"get_group_tag_key", P | G | K, E, 0, 0, "a key of the group", get_group_tag_key},
    {"get_group_tag_keys", P | G, E | L, 0, 0, "the keys of the group, most seen first",
     get_group_tag_keys},
    {"get_group_tag_value", P | G | K | V, E, 0, 0, "a value of the group", get_group_tag_value},
    {"get_group_tag_values", P | G | K, E | L, 0, 0,
     "all values of a key of the group, newest first_seen first", get_group_tag_values},
    {"get_group_list_tag_value", P | G | K | V, E, G, 0, "the value in each group that has it",
     get_group_list_tag_value},
    {"get_group_tag_value_count", P | G | K, E, 0, 0, "how many events of the group have the key",
     get_group_tag_value_count},
    {"get_top_group_tag_values", P | G | K, E | L, 0, 3, "the values most seen in the group",
     get_top_group_tag_values},
    {"get_group_tag_keys_and_top_values", P | G, E, 0, 0,
     "the keys of the group with how many values they have and the ten most seen",
     get_group_tag_keys_and_top_values},
    {"get_first_release", P, G, 0, 0, "the release seen first", get_first_release},
    {"get_last_release", P, G, 0, 0, "the release seen last", get_last_release},
    {"get_release_tags", P | BIT(VERSION), E, P | BIT(VERSION), 0,
     "what was seen of releases, over all the projects", get_release_tags},
    {"get_group_event_ids", P | G, E | BIT(TAG), BIT(TAG), 0,
     "the events of the group that have one of the tags, newest first", get_group_event_ids},
    {"get_group_ids_for_search_filter", P, E | TAGS, TAGS, 0,
     "the groups of events that have all the tags (--any: any value; --empty finds nothing)",
     get_group_ids_for_search_filter},
    {"get_group_ids_for_users", P, USERS | L, P | USERS, 100,
     "the groups of the users' events, that of the newest first", get_group_ids_for_users},
    {"get_group_tag_values_for_users", P, USERS | L, P | USERS, 100,
     "what was seen of each ident among the users' events", get_group_tag_values_for_users},
    {"get_groups_user_counts", P | G, E, G, 0, "how many idents each group has",
     get_groups_user_counts},
    {.name = NULL},
};
