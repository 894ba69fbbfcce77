/* SPDX-License-Identifier: Apache-2.0 */
/* Tags that change groups, over real tables (database_fixture.h). */
#include "write_fixture.h"

static void move_events(const int64_t *ids, size_t count, int64_t destination)
{
    const struct tag_place group = {.project_id = MAIN_PROJECT, .group_id = destination};
    const struct tag_id_list events = {.items = ids, .count = count};
    ok(tagstore_update_group_for_events(store, &group, &events, &error));
}

/* Adds the users of the events 100 to 104. The one of 104 is in another project. */
static void make_users(void)
{
    run("INSERT INTO exportd.event_user_attributes"
        " (event_id, project_id, group_id, environment_id, seen, ident)"
        " SELECT n, n / 104 + 1, 7, 3, now(), 'ann' FROM generate_series(100, 104) n");
}

static const char *users(void)
{
    return text_of("SELECT string_agg(event_id || ':' || group_id, ' ' ORDER BY event_id)"
                   " FROM exportd.event_user_attributes");
}

static void test_users_move_with_their_events(void **state)
{
    (void)state;
    const int64_t ids[] = {101, 103, 104};
    need_database();
    make_users();
    move_events(ids, 3, 8); /* these events have no tags */
    assert_string_equal(users(), "100:7 101:8 102:7 103:8 104:7");
    ok(tagstore_merge_group(store, MAIN_PROJECT, 7, 9, &error));
    assert_string_equal(users(), "100:9 101:8 102:9 103:8 104:7");
}

static void test_move_events(void **state)
{
    (void)state;
    const int64_t ids[] = {100, 103, 999};
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(7, 4, 101, "red", 20);
    observe_group(7, 3, 102, "red", 30);
    observe_group(7, 4, 103, "blue", 40);
    observe_group(8, 3, 104, "red", 50);
    observe(OTHER_PROJECT, 9, 3, 100, "color", "red", 10);
    move_events(ids, 3, 8);
    assert_string_equal(group_values(),
                        "7/0 color=red 2x20-30, 7/3 color=red 1x30-30, 7/4 color=red 1x20-20,"
                        " 8/0 color=blue 1x40-40, 8/0 color=red 2x10-50,"
                        " 8/3 color=red 2x10-50, 8/4 color=blue 1x40-40");
    assert_string_equal(group_keys(), "7/0 color:1, 7/3 color:1, 7/4 color:1,"
                                      " 8/0 color:2, 8/3 color:1, 8/4 color:1");
    assert_string_equal(event_tags(),
                        "100:8/3 color=red 10, 101:7/4 color=red 20, 102:7/3 color=red 30,"
                        " 103:8/4 color=blue 40, 104:8/3 color=red 50");
    assert_string_equal(tag_values(), "0 color=blue 1x40-40, 0 color=red 4x10-50,"
                                      " 3 color=red 3x10-50, 4 color=blue 1x40-40,"
                                      " 4 color=red 1x20-20");
    assert_string_equal(text_of("SELECT group_id FROM tagstore_eventtag WHERE project_id = 2"),
                        "9");
}

static void test_move_events_back(void **state)
{
    (void)state;
    const int64_t ids[] = {101, 102};
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(7, 3, 101, "red", 5);
    observe_group(7, 4, 102, "blue", 30);
    const char *values = group_values(), *keys = group_keys(), *tags = event_tags();
    move_events(ids, 2, 8);
    assert_string_equal(group_values(), "7/0 color=red 1x10-10, 7/3 color=red 1x10-10,"
                                        " 8/0 color=blue 1x30-30, 8/0 color=red 1x5-5,"
                                        " 8/3 color=red 1x5-5, 8/4 color=blue 1x30-30");
    assert_string_equal(group_keys(), "7/0 color:1, 7/3 color:1, 8/0 color:2, 8/3 color:1,"
                                      " 8/4 color:1"); /* nothing of group 7 in environment 4 */
    move_events(ids, 2, 8);                            /* these events are there already */
    move_events(ids, 2, 7);
    assert_string_equal(group_values(), values);
    assert_string_equal(group_keys(), keys);
    assert_string_equal(event_tags(), tags);
}

/* Two sightings came without an event, so it is not known whether one of them was the first. */
static void test_move_events_of_counts_without_events(void **state)
{
    (void)state;
    const int64_t first = 100, last = 101;
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(7, 3, 101, "red", 90);
    incr(7, 3, "red", 2, second(20), second(30));
    move_events(&first, 1, 8);
    assert_string_equal(group_values(), "7/0 color=red 3x10-90, 7/3 color=red 3x10-90,"
                                        " 8/0 color=red 1x10-10, 8/3 color=red 1x10-10");
    move_events(&last, 1, 8);
    assert_string_equal(group_values(), "7/0 color=red 2x10-90, 7/3 color=red 2x10-90,"
                                        " 8/0 color=red 2x10-90, 8/3 color=red 2x10-90");
}

static void test_values_seen(void **state)
{
    (void)state;
    const int64_t ids[] = {7, 8};
    const struct tag_id_list none = {.count = 0}, groups = {.items = ids, .count = 2};
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(7, 3, 101, "blue", 10);
    observe_group(8, 3, 102, "red", 10);
    observe_group(9, 3, 103, "red", 10);
    run("UPDATE tagstore_grouptagkey SET values_seen = 99;"
        " DELETE FROM tagstore_grouptagvalue WHERE group_id = 8;"
        " DELETE FROM tagstore_grouptagkey WHERE id ="
        "  (SELECT min(id) FROM tagstore_grouptagkey WHERE group_id = 7)");
    ok(tagstore_update_group_tag_key_values_seen(store, OTHER_PROJECT, &groups, &error));
    ok(tagstore_update_group_tag_key_values_seen(store, MAIN_PROJECT, &none, &error));
    ok(tagstore_update_group_tag_key_values_seen(store, MAIN_PROJECT, &groups, &error));
    assert_string_equal(group_keys(), "7/0 color:2, 7/3 color:2, 8/0 color:0, 8/3 color:0,"
                                      " 9/0 color:99, 9/3 color:99");
}

static void test_merge_group(void **state)
{
    (void)state;
    struct tag_place empty = place_of(7, 3, "size", NULL);
    struct tag_row row;
    need_database();
    observe_group(7, 3, 100, "red", 10);
    observe_group(7, 4, 101, "blue", 20);
    observe_group(8, 3, 102, "red", 30);
    observe_group(9, 3, 103, "red", 1);
    incr(7, 3, "red", INT32_MAX, second(5), second(40)); /* sightings without events */
    incr(7, 3, "green", 2, USEC_NONE, second(6));
    ok(tagstore_create_group_tag_key(store, &empty, &row, &error));
    ok(tagstore_merge_group(store, MAIN_PROJECT, 7, 8, &error));
    assert_string_equal(group_values(), "8/0 color=blue 1x20-20, 8/0 color=green 2x6-6,"
                                        " 8/0 color=red 2147483647x5-40, 8/3 color=green 2x6-6,"
                                        " 8/3 color=red 2147483647x5-40, 8/4 color=blue 1x20-20,"
                                        " 9/0 color=red 1x1-1, 9/3 color=red 1x1-1");
    assert_string_equal(group_keys(), "8/0 color:3, 8/3 color:2, 8/3 size:0, 8/4 color:1,"
                                      " 9/0 color:1, 9/3 color:1");
    assert_string_equal(event_tags(), "100:8/3 color=red 10, 101:8/4 color=blue 20,"
                                      " 102:8/3 color=red 30, 103:9/3 color=red 1");
    const char *values = group_values();
    ok(tagstore_merge_group(store, MAIN_PROJECT, 7, 8, &error)); /* nothing is left to move */
    ok(tagstore_merge_group(store, OTHER_PROJECT, 8, 9, &error));
    assert_string_equal(group_values(), values);
    refused(tagstore_merge_group(store, MAIN_PROJECT, 8, 8, &error), ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_users_move_with_their_events),
        ROLLED_BACK(test_move_events),
        ROLLED_BACK(test_move_events_back),
        ROLLED_BACK(test_move_events_of_counts_without_events),
        ROLLED_BACK(test_values_seen),
        ROLLED_BACK(test_merge_group),
    };
    return cmocka_run_group_tests(tests, open_store, close_store);
}
