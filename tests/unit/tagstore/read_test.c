/* SPDX-License-Identifier: Apache-2.0 */
/* What the questions do before the backend: over one that has no question, and over one that
   records what it is asked. tests/unit/tagstore/methods_test.c asks real backends. */
#include "base/text.h"
#include "tagstore/backend.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARENA_MAX ((size_t)1024 * 1024)

static struct error error;
static const struct tag_place place = {.project_id = 1, .group_id = 7, .key = "k", .value = "v"};

/* ---- a backend that has no question ---- */

static void refused(bool done, const char *method)
{
    assert_false(done);
    assert_int_equal(error.code, ERROR_QUERY);
    assert_non_null(strstr(error.message, method));
}

static void test_a_missing_question_is_an_error(void **state)
{
    static const struct tagstore_operations nothing = {.free = NULL};
    static struct tagstore store = {.operations = &nothing};
    (void)state;
    struct tag_key tag_key;
    struct group_tag_value row;
    int64_t count = 0;
    refused(tagstore_get_group_tag_key(&store, &place, &tag_key, &error), "get_group_tag_key");
    refused(tagstore_get_group_tag_value(&store, &place, &row, &error), "get_group_tag_value");
    refused(tagstore_get_group_tag_value_count(&store, &place, &count, &error),
            "get_group_tag_value_count");
    refused(tagstore_estimate_values(&store, &place, &count, &error), "estimate_values");
}

/* ---- a backend that records ---- */

static int calls;
static char asked[256]; /* the users of the last question: "project ident/email/username/ip, ..." */

static bool find_value(struct tagstore *store, const struct tag_place *of,
                       struct group_tag_value *row, struct error *failure)
{
    (void)store;
    (void)failure;
    calls++;
    *row = (struct group_tag_value){.group_id = of->group_id};
    return true;
}

static bool find_in_groups(struct tagstore *store, const struct tag_place *of,
                           const struct tag_id_list *group_ids, struct group_tag_value_list *rows,
                           struct error *failure)
{
    (void)store, (void)of, (void)group_ids, (void)rows, (void)failure;
    calls++;
    return true;
}

static bool find_release_tags(struct tagstore *store, const struct release_query *query,
                              struct group_tag_value_list *rows, struct error *failure)
{
    (void)store, (void)query, (void)rows, (void)failure;
    calls++;
    return true;
}

static bool find_events(struct tagstore *store, const struct tag_place *of,
                        const struct tag_list *tags, const struct tagstore_listener *listener,
                        struct error *failure)
{
    (void)store, (void)of, (void)tags, (void)listener, (void)failure;
    calls++;
    return true;
}

static bool find_by_conditions(struct tagstore *store, const struct tag_place *of,
                               const struct tag_condition_list *conditions,
                               struct tag_id_list *group_ids, struct error *failure)
{
    (void)store, (void)of, (void)conditions, (void)group_ids, (void)failure;
    calls++;
    return true;
}

static const char *text_or_dash(const char *text)
{
    return text == NULL ? "-" : text;
}

static void record_users(const struct tagstore_user_query *query)
{
    size_t size = 0;
    calls++;
    assert_int_equal(query->project_ids.count, 0);
    for (size_t i = 0; i < query->user_count; i++) {
        const struct event_user *user = &query->users[i].attributes;
        size += (size_t)snprintf(asked + size, sizeof(asked) - size, "%s%d %s/%s/%s/%s",
                                 i == 0 ? "" : ", ", (int)query->users[i].project_id,
                                 text_or_dash(user->ident), text_or_dash(user->email),
                                 text_or_dash(user->username), text_or_dash(user->ip_address));
        assert_true(size < sizeof(asked));
    }
}

static bool find_groups_of_users(struct tagstore *store, const struct tagstore_user_query *query,
                                 struct tag_id_list *group_ids, struct error *failure)
{
    (void)store, (void)group_ids, (void)failure;
    assert_int_equal(query->limit, 5);
    record_users(query);
    return true;
}

static bool find_values_of_users(struct tagstore *store, const struct tagstore_user_query *query,
                                 struct user_tag_value_list *rows, struct error *failure)
{
    (void)store, (void)rows, (void)failure;
    record_users(query);
    return true;
}

static bool count_users(struct tagstore *store, const struct tag_place *of,
                        const struct tag_id_list *group_ids, int64_t *counts, struct error *failure)
{
    (void)store, (void)of, (void)failure;
    calls++;
    counts[group_ids->count - 1] += 3;
    return true;
}

static const struct tagstore_operations recording = {
    .get_group_tag_value = find_value,
    .get_group_list_tag_value = find_in_groups,
    .get_release_tags = find_release_tags,
    .get_group_event_ids = find_events,
    .get_group_ids_for_search_filter = find_by_conditions,
    .get_group_ids_for_users = find_groups_of_users,
    .get_group_tag_values_for_users = find_values_of_users,
    .get_groups_user_counts = count_users,
};
static struct tagstore store = {.operations = &recording};

static int forget_calls(void **state)
{
    (void)state;
    calls = 0;
    asked[0] = '\0';
    return 0;
}

/* ---- questions that need no backend ---- */

static void test_the_empty_value_is_no_value(void **state)
{
    (void)state;
    static const int64_t groups[] = {7};
    const struct tag_id_list group_ids = {.items = groups, .count = 1};
    struct tag_place empty = place;
    struct group_tag_value row;
    struct group_tag_value_list rows = {.count = 9};
    empty.value = "";
    assert_false(tagstore_get_group_tag_value(&store, &empty, &row, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_true(tagstore_get_group_list_tag_value(&store, &empty, &group_ids, &rows, &error));
    assert_int_equal(rows.count, 0);
    assert_int_equal(calls, 0);
    assert_true(tagstore_get_group_tag_value(&store, &place, &row, &error));
    assert_true(tagstore_get_group_list_tag_value(&store, &place, &group_ids, &rows, &error));
    assert_int_equal(calls, 2);
}

static void test_empty_lists_find_nothing(void **state)
{
    (void)state;
    static const int64_t ids[] = {1};
    static const char *const versions[] = {"1.0"};
    const struct tag_id_list none = {.count = 0};
    const struct tag_list no_tags = {.count = 0};
    const struct release_query no_projects = {.versions = versions, .version_count = 1};
    const struct release_query no_versions = {.project_ids = {.items = ids, .count = 1}};
    struct group_tag_value_list rows = {.count = 9};
    assert_true(tagstore_get_group_list_tag_value(&store, &place, &none, &rows, &error));
    assert_true(tagstore_get_release_tags(&store, &no_projects, &rows, &error));
    assert_true(tagstore_get_release_tags(&store, &no_versions, &rows, &error));
    assert_true(tagstore_get_group_event_ids(&store, &place, &no_tags, NULL, &error));
    assert_int_equal(rows.count, 0);
    assert_int_equal(calls, 0);
}

static void test_conditions(void **state)
{
    (void)state;
    static const struct tag_condition conditions[] = {{.key = "k", .match = TAG_ANY},
                                                      {.key = "l", .match = TAG_EMPTY}};
    struct tag_condition_list list = {.items = conditions, .count = 0};
    struct tag_id_list group_ids = {.count = 9};
    assert_false(
        tagstore_get_group_ids_for_search_filter(&store, &place, &list, &group_ids, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    list.count = 2;
    assert_true(
        tagstore_get_group_ids_for_search_filter(&store, &place, &list, &group_ids, &error));
    assert_int_equal(group_ids.count, 0);
    assert_int_equal(calls, 0);
    list.count = 1;
    assert_true(
        tagstore_get_group_ids_for_search_filter(&store, &place, &list, &group_ids, &error));
    assert_int_equal(calls, 1);
}

/* ---- users ---- */

static const struct tagstore_user users[] = {
    {.project_id = 0, .attributes = {.ident = "1", .email = ""}},
    {.project_id = 2, .attributes = {.username = "ann", .ip_address = "::1"}},
    {.project_id = 3, .attributes = {.email = "a@b"}},
    {.project_id = 2, .attributes = {.ident = "", .username = ""}},
};

static void test_groups_of_users(void **state)
{
    (void)state;
    static const int64_t projects[] = {1, 2};
    struct tagstore_user_query query = {.project_ids = {.items = projects, .count = 2},
                                        .users = users,
                                        .user_count = ARRAY_LENGTH(users),
                                        .limit = 5};
    struct tag_id_list group_ids = {.arena = arena_new(ARENA_MAX), .count = 9};
    assert_non_null(group_ids.arena);
    assert_true(tagstore_get_group_ids_for_users(&store, &query, &group_ids, &error));
    assert_string_equal(asked, "1 1/-/-/-, 2 1/-/-/-, 2 -/-/ann/::1");
    query.users = &users[2]; /* in no such project, and without attributes */
    query.user_count = 2;
    assert_true(tagstore_get_group_ids_for_users(&store, &query, &group_ids, &error));
    assert_int_equal(calls, 1);
    assert_int_equal(group_ids.count, 0);
    arena_free(group_ids.arena);
}

static void test_values_of_users(void **state)
{
    (void)state;
    const struct tagstore_user_query query = {.users = &users[1], .user_count = 3};
    const struct tagstore_user_query nobody = {.users = &users[3], .user_count = 1};
    struct user_tag_value_list rows = {.arena = arena_new(ARENA_MAX), .count = 9};
    assert_non_null(rows.arena);
    assert_true(tagstore_get_group_tag_values_for_users(&store, &nobody, &rows, &error));
    assert_int_equal(calls, 0);
    assert_int_equal(rows.count, 0);
    assert_true(tagstore_get_group_tag_values_for_users(&store, &query, &rows, &error));
    assert_string_equal(asked, "2 -/-/ann/::1, 3 -/a@b/-/-");
    arena_free(rows.arena);
}

static void test_user_counts_start_from_zero(void **state)
{
    (void)state;
    static const int64_t groups[] = {7, 8};
    const struct tag_id_list group_ids = {.items = groups, .count = 2};
    int64_t counts[] = {9, 9};
    assert_true(tagstore_get_groups_user_counts(&store, &place, &group_ids, counts, &error));
    assert_int_equal(counts[0], 0);
    assert_int_equal(counts[1], 3);
}

#define RECORDED(test) cmocka_unit_test_setup(test, forget_calls)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_missing_question_is_an_error),
        RECORDED(test_the_empty_value_is_no_value),
        RECORDED(test_empty_lists_find_nothing),
        RECORDED(test_conditions),
        RECORDED(test_groups_of_users),
        RECORDED(test_values_of_users),
        RECORDED(test_user_counts_start_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
