/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions through tagstore.h, over the events of the original's own test and the backend that
 * TEST_TAGSTORE names. tests/system/test_tagstore_methods.py stores the events, passes the
 * ids and runs this program. Without TEST_TAGSTORE the tests are skipped.
 *
 * Covers common/tagstore/read.c and the read_*.c and cursor.c of both backends.
 */
#include "base/text.h"
#include "tagstore/postgres/postgres_tagstore.h"
#include "tagstore/snuba/snuba_tagstore.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { FIXTURE_PROJECT = 1, RETENTION_DAYS = 90 };

static struct pg *pg;
static struct tagstore *store;
static struct arena *arena;
static struct error error;
static int64_t g1, g2, environment, now;

static void ok(bool done)
{
    if (!done)
        fail_msg("%s", error.message);
}

static void not_found(bool done)
{
    assert_false(done);
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static int64_t number_from(const char *name)
{
    int64_t number = 0;
    const char *text = getenv(name);
    assert_true(text != NULL && text_to_int64(text, 1, INT64_MAX, &number));
    return number;
}

static int start(void **state)
{
    (void)state;
    const char *name = getenv("TEST_TAGSTORE");
    if (name == NULL)
        return 0;
    pg = pg_new(getenv("TEST_DATABASE_URL"), "test");
    assert_non_null(pg);
    ok(pg_connect(pg, &error));
    if (text_starts_with(name, "snuba"))
        ok(snuba_tagstore_new(&(struct snuba_settings){.url = getenv("TEST_SNUBA_URL"),
                                                       .dialect = getenv("TEST_SNUBA_DIALECT"),
                                                       .retention_days = RETENTION_DAYS,
                                                       .tmpdir = "/tmp",
                                                       .page_size_max = 10000},
                              pg, &store, &error));
    else
        store = postgres_tagstore_new(pg);
    arena = arena_new((size_t)16 * 1024 * 1024);
    g1 = number_from("TEST_G1");
    g2 = number_from("TEST_G2");
    environment = number_from("TEST_ENVIRONMENT");
    now = number_from("TEST_NOW") * USEC_PER_SECOND;
    return store == NULL || arena == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    tagstore_free(store);
    pg_free(pg);
    arena_free(arena);
    return 0;
}

static void need_store(void)
{
    if (store == NULL)
        skip();
}

/* ---- the answers, by name ---- */

static struct tag_place place(int64_t group_id, const char *key, const char *value)
{
    return (struct tag_place){.project_id = FIXTURE_PROJECT,
                              .group_id = group_id,
                              .environment_id = environment,
                              .key = key,
                              .value = value};
}

static void assert_seen(const struct group_tag_value *row, const char *value, int64_t times_seen,
                        int64_t first, int64_t last)
{
    assert_string_equal(row->value, value);
    assert_int_equal(row->value_size, strlen(value));
    assert_int_equal(row->times_seen, times_seen);
    assert_int_equal(row->first_seen, now - first * USEC_PER_SECOND);
    assert_int_equal(row->last_seen, now - last * USEC_PER_SECOND);
}

static void test_keys(void **state)
{
    (void)state;
    struct tag_key key;
    struct tag_key_list keys = {.arena = arena};
    need_store();
    struct tag_place foo = place(g1, "foo", NULL);
    ok(tagstore_get_group_tag_key(store, &foo, &key, &error));
    assert_string_equal(key.key, "foo");
    assert_int_equal(key.times_seen, 2);
    assert_int_equal(key.group_id, g1);
    ok(tagstore_get_group_tag_keys(store, &foo, 0, &keys, &error));
    assert_int_equal(keys.count, 2);
    assert_string_equal(keys.items[0].key, "baz");
    assert_string_equal(keys.items[1].key, "foo");
    assert_true(keys.items[0].times_seen == 2 && keys.items[1].times_seen == 2);
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    struct tag_key key;
    struct group_tag_value row;
    need_store();
    struct tag_place notreal = place(g1, "notreal", NULL);
    not_found(tagstore_get_group_tag_key(store, &notreal, &key, &error));
    notreal.group_id = 0;
    not_found(tagstore_get_group_tag_key(store, &notreal, &key, &error));
    struct tag_place value = place(g1, "foo", "notreal");
    not_found(tagstore_get_group_tag_value(store, &value, &row, &error));
    value.group_id = 0;
    not_found(tagstore_get_group_tag_value(store, &value, &row, &error));
}

static void test_one_value(void **state)
{
    (void)state;
    struct group_tag_value row;
    struct group_tag_value_list rows = {.arena = arena};
    const int64_t ids[] = {g2, g1};
    struct tag_id_list groups = {.items = ids, .count = 2};
    need_store();
    struct tag_place bar = place(g1, "foo", "bar");
    ok(tagstore_get_group_tag_value(store, &bar, &row, &error));
    assert_seen(&row, "bar", 2, 2, 1);
    assert_int_equal(row.group_id, g1);
    ok(tagstore_get_group_list_tag_value(store, &bar, &groups, &rows, &error));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.items[0].group_id, g1);
    assert_seen(&rows.items[0], "bar", 2, 2, 1);
    groups.count = 0;
    ok(tagstore_get_group_list_tag_value(store, &bar, &groups, &rows, &error));
    assert_int_equal(rows.count, 0);
}

/* Reads all rows of the cursor and closes it. Returns their number, and the last row. */
static size_t read_all(struct tagstore_cursor *cursor, struct group_tag_value *last)
{
    struct group_tag_value_list page = {.arena = arena};
    size_t total = 0;
    do {
        ok(tagstore_next_page(cursor, &page, &error));
        total += page.count;
        if (page.count > 0)
            *last = page.items[page.count - 1];
    } while (page.count > 0);
    tagstore_close(cursor);
    return total;
}

static size_t read_values(int64_t group_id, const char *key, struct group_tag_value *last)
{
    const struct group_tag_value_query query = {.project_id = FIXTURE_PROJECT,
                                                .group_id = group_id,
                                                .environment_id = environment,
                                                .key = key,
                                                .page_size = 1,
                                                .seen_only = true};
    struct tagstore_cursor *cursor = NULL;
    ok(tagstore_open_group_tag_values(store, &query, &cursor, &error));
    return read_all(cursor, last);
}

/* Returns -1 if there is no such key. */
static int64_t read_existing(int64_t environment_id, int64_t group_id, const char *key)
{
    const struct group_tag_value_query query = {.project_id = FIXTURE_PROJECT,
                                                .group_id = group_id,
                                                .environment_id = environment_id,
                                                .key = key,
                                                .key_must_exist = true,
                                                .page_size = 10};
    struct group_tag_value last;
    struct tagstore_cursor *cursor = NULL;
    ok(tagstore_open_group_tag_values(store, &query, &cursor, &error));
    return cursor == NULL ? -1 : (int64_t)read_all(cursor, &last);
}

static void test_all_values(void **state)
{
    (void)state;
    struct group_tag_value last = {.value = NULL};
    need_store();
    assert_int_equal(read_values(g1, "notreal", &last), 0);
    assert_int_equal(read_values(g1, "foo", &last), 1);
    assert_seen(&last, "bar", 2, 2, 1);
    assert_int_equal(last.group_id, g1);
    assert_int_equal(read_values(0, "sentry:release", &last), 2);
    assert_seen(&last, "200", 1, 2, 2); /* the older one */
    assert_int_equal(last.group_id, 0);
}

/* The project has two releases. */
static struct tagstore_extent extent_of_releases(int64_t limit, size_t page_size)
{
    const struct group_tag_value_query query = {.project_id = FIXTURE_PROJECT,
                                                .environment_id = environment,
                                                .key = "sentry:release",
                                                .limit = limit,
                                                .page_size = page_size};
    struct group_tag_value_list page = {.arena = arena};
    struct tagstore_cursor *cursor = NULL;
    ok(tagstore_open_group_tag_values(store, &query, &cursor, &error));
    do
        ok(tagstore_next_page(cursor, &page, &error));
    while (page.count > 0);
    const struct tagstore_extent extent = tagstore_get_extent(cursor);
    tagstore_close(cursor);
    return extent;
}

static void test_extent(void **state)
{
    (void)state;
    need_store();
    for (size_t page_size = 1; page_size <= 3; page_size++) {
        assert_true(extent_of_releases(1, page_size).truncated);
        assert_false(extent_of_releases(2, page_size).truncated);
        assert_false(extent_of_releases(3, page_size).truncated);
        assert_false(extent_of_releases(0, page_size).truncated);
    }
    const struct tagstore_extent extent = extent_of_releases(0, 1);
    if (text_equal(getenv("TEST_TAGSTORE"), "postgres")) {
        assert_true(extent.window_from == USEC_NONE && extent.window_to == USEC_NONE);
        return;
    }
    int64_t seconds = (extent.window_to - extent.window_from) / USEC_PER_SECOND;
    assert_int_equal(seconds, RETENTION_DAYS * 86400 + 1);
    assert_true(extent.window_to > now && extent.window_from < now);
}

/* A key is the project's: a group may have no value of it. */
static void test_a_key_that_must_exist(void **state)
{
    (void)state;
    need_store();
    assert_int_equal(read_existing(environment, g1, "foo"), 1);
    assert_int_equal(read_existing(environment, g1, "notreal"), -1);
    assert_int_equal(read_existing(environment, 0, "notreal"), -1);
    assert_int_equal(read_existing(0, 0, "sentry:release"), 2);
    assert_int_equal(read_existing(environment, g2, "foo"), 0);
}

static void test_counts_and_top_values(void **state)
{
    (void)state;
    int64_t times = -1;
    struct group_tag_value_list rows = {.arena = arena};
    struct tag_key_summary_list keys = {.arena = arena};
    need_store();
    struct tag_place foo = place(g1, "foo", NULL);
    ok(tagstore_get_group_tag_value_count(store, &foo, &times, &error));
    assert_int_equal(times, 2);
    ok(tagstore_get_top_group_tag_values(store, &foo, 1, &rows, &error));
    assert_int_equal(rows.count, 1);
    assert_seen(&rows.items[0], "bar", 2, 2, 1);
    assert_int_equal(rows.items[0].group_id, g1);
    ok(tagstore_get_group_tag_keys_and_top_values(store, &foo, &keys, &error));
    assert_int_equal(keys.count, 2);
    assert_string_equal(keys.items[1].key, "foo");
    assert_int_equal(keys.items[1].unique_values, 1);
    assert_int_equal(keys.items[1].total_values, 2);
    assert_int_equal(keys.items[1].top_values.count, 1);
    assert_seen(&keys.items[1].top_values.items[0], "bar", 2, 2, 1);
}

static void assert_releases(int64_t group_id, const char *first, const char *last)
{
    const struct tag_place asked = place(group_id, NULL, NULL);
    const char *version = NULL;
    ok(tagstore_get_first_release(store, &asked, arena, &version, &error));
    assert_true(first == NULL ? version == NULL : text_equal(version, first));
    ok(tagstore_get_last_release(store, &asked, arena, &version, &error));
    assert_true(last == NULL ? version == NULL : text_equal(version, last));
}

static void test_estimate(void **state)
{
    (void)state;
    int64_t count = -1;
    need_store();
    struct tag_place user = place(g1, "sentry:user", NULL);
    ok(tagstore_estimate_values(store, &user, &count, &error));
    assert_int_equal(count, 2);
    user.environment_id = 0;
    ok(tagstore_estimate_values(store, &user, &count, &error));
    assert_int_equal(count, 2);
    const struct tag_place other = place(g2, "foo", NULL);
    ok(tagstore_estimate_values(store, &other, &count, &error));
    assert_int_equal(count, 0);
}

static void test_releases(void **state)
{
    (void)state;
    const int64_t projects[] = {FIXTURE_PROJECT};
    const char *const versions[] = {"100"};
    struct release_query query = {
        .project_ids = {.items = projects, .count = 1}, .versions = versions, .version_count = 1};
    struct group_tag_value_list rows = {.arena = arena};
    need_store();
    assert_releases(g1, "200", "100");
    assert_releases(0, "200", "100");
    assert_releases(g2, NULL, NULL);
    ok(tagstore_get_release_tags(store, &query, &rows, &error));
    assert_int_equal(rows.count, 1);
    assert_seen(&rows.items[0], "100", 1, 1, 1);
    query.version_count = 0;
    ok(tagstore_get_release_tags(store, &query, &rows, &error));
    assert_int_equal(rows.count, 0);
}

/* Records the first digit of each id. */
static bool note_event(void *context, const char *event_id, struct error *unused)
{
    char *seen = context;
    (void)unused;
    assert_int_equal(strlen(event_id), 32);
    seen[strlen(seen)] = event_id[0];
    return true;
}

static void assert_events(int64_t group_id, const struct tag *tags, size_t count,
                          const char *expected)
{
    char seen[8] = "";
    struct tag_place group = place(group_id, NULL, NULL);
    const struct tag_list list = {.items = tags, .count = count};
    const struct tagstore_listener noting = {.tell = note_event, .context = seen};
    ok(tagstore_get_group_event_ids(store, &group, &list, &noting, &error));
    assert_string_equal(seen, expected);
}

static bool refuse_event(void *context, const char *event_id, struct error *refusal)
{
    (void)context;
    (void)event_id;
    return error_set(refusal, ERROR_STOPPED, "enough");
}

static void test_event_ids(void **state)
{
    (void)state;
    const struct tag bar[] = {{"foo", "bar"}, {"sentry:release", "200"}};
    const struct tag browsers[] = {{"browser", "chrome"}, {"browser", "ie"}};
    need_store();
    assert_events(g1, bar, 1, "12");
    assert_events(g1, bar, 2, "12");
    assert_events(g1, bar + 1, 1, "2");
    assert_events(g2, browsers, 1, "3");
    assert_events(g2, browsers + 1, 1, "");
    assert_events(g2, bar, 2, "");
    assert_events(g1, bar, 0, "");
    struct tag_place group = place(g1, NULL, NULL);
    const struct tag_list one = {.items = bar, .count = 1};
    const struct tagstore_listener refusing = {.tell = refuse_event};
    assert_false(tagstore_get_group_event_ids(store, &group, &one, &refusing, &error));
    assert_int_equal(error.code, ERROR_STOPPED);
    assert_events(g1, bar, 1, "12"); /* the tagstore can be asked again */
}

static void assert_groups(const struct tag_id_list *groups, int64_t first, int64_t second)
{
    assert_int_equal(groups->count, (first != 0) + (second != 0));
    assert_true(first == 0 || groups->items[0] == first);
    assert_true(second == 0 || groups->items[1] == second);
}

static void test_search_filter(void **state)
{
    (void)state;
    const struct tag_condition conditions[] = {{"foo", TAG_IS, "bar"},
                                               {"baz", TAG_IS, "quux"},
                                               {"foo", TAG_ANY, NULL},
                                               {"browser", TAG_ANY, NULL},
                                               {"browser", TAG_EMPTY, NULL}};
    /* The group meets the `count` conditions from number `from`; 0: no group does. */
    const struct {
        size_t from, count;
        int64_t group;
    } cases[] = {{0, 2, g1}, {0, 1, g1}, {0, 3, g1}, {2, 1, g1}, {2, 2, 0}, {3, 1, g2}, {3, 2, 0}};
    struct tag_id_list groups = {.arena = arena};
    struct tag_condition_list list = {.items = conditions};
    need_store();
    struct tag_place project = place(0, NULL, NULL);
    assert_false(tagstore_get_group_ids_for_search_filter(store, &project, &list, &groups, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        list.items = conditions + cases[i].from;
        list.count = cases[i].count;
        ok(tagstore_get_group_ids_for_search_filter(store, &project, &list, &groups, &error));
        assert_groups(&groups, cases[i].group, 0);
    }
}

static void test_groups_of_users(void **state)
{
    (void)state;
    const int64_t projects[] = {FIXTURE_PROJECT, FIXTURE_PROJECT + 1};
    const struct tagstore_user users[] = {
        {.attributes = {.ident = "user1"}},
        {.attributes = {.ident = "user2"}},
        {.project_id = FIXTURE_PROJECT + 1, .attributes = {.ident = "user1"}},
        {.attributes = {.ident = "", .email = ""}},
        {.attributes = {.email = "user2@sentry.io", .ident = "nobody"}}};
    const int64_t expected[][2] = {{g1, g2}, {g1, 0}, {0, 0}, {0, 0}, {g1, 0}};
    struct tagstore_user_query query = {
        .project_ids = {.items = projects, .count = 2}, .user_count = 1, .limit = 100};
    struct tag_id_list groups = {.arena = arena};
    need_store();
    for (size_t i = 0; i < ARRAY_LENGTH(users); i++) {
        query.users = &users[i];
        ok(tagstore_get_group_ids_for_users(store, &query, &groups, &error));
        assert_groups(&groups, expected[i][0], expected[i][1]);
    }
    query.user_count = 0;
    ok(tagstore_get_group_ids_for_users(store, &query, &groups, &error));
    assert_int_equal(groups.count, 0);
}

static void test_values_of_users(void **state)
{
    (void)state;
    const struct tagstore_user users[] = {
        {.project_id = FIXTURE_PROJECT, .attributes = {.email = "user1@sentry.io"}},
        {.project_id = FIXTURE_PROJECT, .attributes = {.ident = "user2"}}};
    struct tagstore_user_query query = {.users = users, .user_count = 2, .limit = 100};
    struct user_tag_value_list rows = {.arena = arena};
    need_store();
    ok(tagstore_get_group_tag_values_for_users(store, &query, &rows, &error));
    assert_int_equal(rows.count, 2);
    assert_seen(&rows.items[0].tag, "user1", 1, 1,
                1); /* of the event with the address; user1 has two events */
    assert_seen(&rows.items[1].tag, "user2", 1, 2, 2);
    assert_int_equal(rows.items[0].project_id, FIXTURE_PROJECT);
    query.limit = 1;
    ok(tagstore_get_group_tag_values_for_users(store, &query, &rows, &error));
    assert_int_equal(rows.count, 1);
}

static void test_user_counts(void **state)
{
    (void)state;
    const int64_t ids[] = {g1, g2, 4711};
    const struct tag_id_list groups = {.items = ids, .count = 3};
    int64_t counts[3] = {-1, -1, -1};
    need_store();
    struct tag_place project = place(0, NULL, NULL);
    ok(tagstore_get_groups_user_counts(store, &project, &groups, counts, &error));
    assert_true(counts[0] == 2 && counts[1] == 1 && counts[2] == 0);
    project = (struct tag_place){.project_id = FIXTURE_PROJECT + 1};
    ok(tagstore_get_groups_user_counts(store, &project, &groups, counts, &error));
    assert_true(counts[0] == 0 && counts[1] == 0 && counts[2] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_one_value),
        cmocka_unit_test(test_all_values),
        cmocka_unit_test(test_extent),
        cmocka_unit_test(test_a_key_that_must_exist),
        cmocka_unit_test(test_counts_and_top_values),
        cmocka_unit_test(test_estimate),
        cmocka_unit_test(test_releases),
        cmocka_unit_test(test_event_ids),
        cmocka_unit_test(test_search_filter),
        cmocka_unit_test(test_groups_of_users),
        cmocka_unit_test(test_values_of_users),
        cmocka_unit_test(test_user_counts),
    };
    return cmocka_run_group_tests(tests, start, end);
}
