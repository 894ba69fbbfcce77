/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting tags, and which transactions wait for it, over real tables (database_fixture.h). */
#include "write_fixture.h"

static void make_projects(void)
{
    run("INSERT INTO sentry_organization (id, name, slug, status, date_added, default_role, flags)"
        " VALUES (1, 'Acme', 'acme', 0, now(), 'member', 1);"
        " INSERT INTO sentry_project (id, slug, name, organization_id, public, date_added, status)"
        " VALUES (1, 'web', 'web', 1, false, now(), 0), (2, 'api', 'api', 1, false, now(), 0)");
}

static const struct tag_place main_color = {.project_id = MAIN_PROJECT, .key = "color"};

static void delete_color(size_t expected)
{
    struct tag_id_list ids = {.arena = arena};
    ok(tagstore_delete_tag_key(store, &main_color, &ids, &error));
    assert_int_equal(ids.count, expected);
    for (size_t i = 0; i < ids.count; i++)
        assert_true(ids.items[i] > 0);
}

static void test_delete_key(void **state)
{
    (void)state;
    need_database();
    make_projects();
    ok(pg_begin(pg, &error));
    observe(MAIN_PROJECT, 7, 3, 100, "color", "red", 10);
    observe(MAIN_PROJECT, 7, 4, 101, "color", "blue", 10);
    observe(MAIN_PROJECT, 7, 4, 101, "size", "big", 10);
    observe(OTHER_PROJECT, 9, 4, 102, "color", "red", 10);
    ok(pg_commit(pg, &error));
    delete_color(3);
    assert_string_equal(tag_keys(), "1/0 size:1, 1/4 size:1, 2/0 color:1, 2/4 color:1");
    assert_string_equal(group_values(), "7/0 size=big 1x10-10, 7/4 size=big 1x10-10");
    assert_string_equal(group_keys(), "7/0 size:1, 7/4 size:1");
    assert_string_equal(tag_values(), "0 size=big 1x10-10, 4 size=big 1x10-10");
    assert_string_equal(event_tags(), "101:7/4 size=big 10");
    delete_color(0);
}

/* More rows of each class than fit into a batch. */
static void test_delete_large_key(void **state)
{
    (void)state;
    need_database();
    make_projects();
    run("INSERT INTO tagstore_tagkey (id, project_id, environment_id, key, values_seen, status)"
        " VALUES (1000000, 1, 0, 'color', 5001, 0);"
        " INSERT INTO tagstore_tagvalue (project_id, key_id, value, times_seen)"
        " SELECT 1, 1000000, n::text, 1 FROM generate_series(1, 5001) n;"
        " INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)"
        " SELECT 1, n, 1000000, 1 FROM generate_series(1, 4000) n;"
        " INSERT INTO tagstore_grouptagvalue (project_id, group_id, key_id, value_id, times_seen)"
        " SELECT 1, 7, 1000000, id, 1 FROM tagstore_tagvalue;"
        " INSERT INTO tagstore_eventtag (project_id, group_id, event_id, key_id, value_id,"
        "  date_added) SELECT 1, 7, id, 1000000, id, now() FROM tagstore_tagvalue");
    delete_color(1);
    assert_string_equal(tag_keys(), "");
    assert_string_equal(text_of("SELECT (SELECT count(*) FROM tagstore_tagvalue)"
                                " + (SELECT count(*) FROM tagstore_grouptagkey)"
                                " + (SELECT count(*) FROM tagstore_grouptagvalue)"
                                " + (SELECT count(*) FROM tagstore_eventtag)"),
                        "0");
}

/* Another transaction records a batch of this project: the key is hidden at once, but its rows
   stay. The next call deletes them when the project is free. */
static void test_delete_key_is_hidden_first(void **state)
{
    (void)state;
    struct tag_id_list ids = {.arena = arena};
    need_database();
    struct tag_key key;
    const struct tag_place color = {
        .project_id = MAIN_PROJECT, .environment_id = 3, .key = "color"};
    struct pg *writer = connect_pg();
    make_projects();
    ok(pg_begin(pg, &error));
    observe_group(7, 3, 100, "red", 10);
    ok(pg_commit(pg, &error));
    ok(tagstore_get_group_tag_key(store, &color, &key, &error));
    ok(pg_begin(writer, &error));
    ok(pg_script(writer, "SELECT FROM sentry_project WHERE id = 1 FOR KEY SHARE", &error));
    run("SET lock_timeout = '200ms'");
    refused(tagstore_delete_tag_key(store, &main_color, &ids, &error), ERROR_TIMEOUT);
    refused(tagstore_get_group_tag_key(store, &color, &key, &error), ERROR_NOT_FOUND);
    assert_string_equal(event_tags(), "100:7/3 color=red 10");
    pg_rollback(writer);
    pg_free(writer);
    run("RESET lock_timeout");
    delete_color(2);
    assert_string_equal(tag_keys(), "");
}

/* Only this wait keeps a new row from referring to a key or value that is being deleted. */
static void deletion_has_to_wait(void)
{
    struct error why;
    struct tag_id_list ids = {.arena = arena};
    struct pg *other = connect_pg();
    struct tagstore *others = postgres_tagstore_new(other);
    ok(pg_script(other, "SET lock_timeout = '100ms'", &error));
    assert_false(tagstore_delete_tag_key(others, &main_color, &ids, &why));
    assert_int_equal(why.code, ERROR_TIMEOUT);
    tagstore_free(others);
    pg_free(other);
    ok(pg_commit(pg, &error));
}

static void test_deleting_waits_for_writers(void **state)
{
    (void)state;
    const int64_t moved[] = {100};
    const struct tag_id_list events = {.items = moved, .count = 1};
    const struct tag_place destination = place_of(8, 0, NULL, NULL);
    const struct tag tag = {"color", "blue"};
    const struct tag_list tags = {.items = &tag, .count = 1};
    const struct tag_observation event = {MAIN_PROJECT, 7, 3, 100, NULL, NULL, second(1)};
    struct tag_place place = place_of(7, 3, "color", "red");
    struct tag_row row;
    need_database();
    make_projects();
    ok(pg_begin(pg, &error));
    observe_group(6, 3, 99, "red", 10); /* so that the row of the key need not be locked */
    observe_group(6, 3, 99, "blue", 10);
    ok(pg_commit(pg, &error));
    for (int writer = 0; writer < 5; writer++) {
        ok(pg_begin(pg, &error));
        if (writer == 0)
            ok(tagstore_get_or_create_group_tag_value(store, &place, &row, &error));
        else if (writer == 1)
            incr(7, 3, "red", 1, USEC_NONE, USEC_NONE);
        else if (writer == 2)
            ok(tagstore_create_event_tags(store, &event, &tags, &error));
        else if (writer == 3)
            ok(tagstore_update_group_for_events(store, &destination, &events, &error));
        else
            ok(tagstore_merge_group(store, MAIN_PROJECT, 8, 9, &error));
        deletion_has_to_wait();
    }
    delete_color(2);
    assert_string_equal(text_of("SELECT (SELECT count(*) FROM tagstore_tagvalue)"
                                " + (SELECT count(*) FROM tagstore_grouptagvalue)"
                                " + (SELECT count(*) FROM tagstore_eventtag)"),
                        "0");
}

/* A batch that refers to a value by an id known from an earlier batch. */
static void test_value_is_gone(void **state)
{
    (void)state;
    const struct tag_observation again = {MAIN_PROJECT, 7, 3, 101, "color", "red", second(1)};
    const struct tag_observation_list one = {.items = &again, .count = 1};
    need_database();
    ok(pg_begin(pg, &error));
    observe_group(7, 3, 100, "red", 10);
    ok(pg_commit(pg, &error));
    run("DELETE FROM tagstore_eventtag; DELETE FROM tagstore_grouptagvalue;"
        " DELETE FROM tagstore_tagvalue");
    ok(pg_begin(pg, &error));
    refused(tagstore_record(store, &one, &error), ERROR_CONFLICT);
    pg_rollback(pg);
    ok(pg_begin(pg, &error));
    ok(tagstore_record(store, &one, &error));
    ok(pg_commit(pg, &error));
    assert_string_equal(group_values(), "7/0 color=red 1x1-1, 7/3 color=red 1x1-1");
    assert_string_equal(event_tags(), "101:7/3 color=red 1");
}

static void test_delete_of_group(void **state)
{
    (void)state;
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(8, 3, 101, "red", 20);
    ok(tagstore_delete_all_group_tag_values(store, MAIN_PROJECT, 7, &error));
    assert_string_equal(group_values(), "8/0 color=red 1x20-20, 8/3 color=red 1x20-20");
    assert_string_equal(group_keys(), "7/0 color:0, 7/3 color:0, 8/0 color:1, 8/3 color:1");
    ok(tagstore_delete_all_group_tag_keys(store, MAIN_PROJECT, 7, &error));
    assert_string_equal(group_keys(), "8/0 color:1, 8/3 color:1");
    ok(tagstore_delete_all_group_tag_keys(store, OTHER_PROJECT, 8, &error));
    assert_string_equal(group_keys(), "8/0 color:1, 8/3 color:1");
    assert_string_equal(tag_values(), "0 color=red 2x10-20, 3 color=red 2x10-20");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEARED(test_delete_key),
        CLEARED(test_delete_large_key),
        CLEARED(test_delete_key_is_hidden_first),
        CLEARED(test_deleting_waits_for_writers),
        CLEARED(test_value_is_gone),
        ROLLED_BACK(test_delete_of_group),
    };
    return cmocka_run_group_tests(tests, open_store, close_store);
}
