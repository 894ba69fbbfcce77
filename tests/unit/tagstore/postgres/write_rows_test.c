/* SPDX-License-Identifier: Apache-2.0 */
/* Creating and counting single rows, over real tables (database_fixture.h). */
#include "write_fixture.h"

#include <pthread.h>

/* ---- get_or_create and create ---- */

static void test_keys(void **state)
{
    (void)state;
    struct tag_place place = place_of(0, 3, "color", NULL);
    struct tag_row first, again;
    need_database();
    ok(tagstore_get_or_create_tag_key(store, &place, &first, &error));
    assert_true(first.created && first.id > 0 && first.values_seen == 0);
    ok(tagstore_get_or_create_tag_key(store, &place, &again, &error));
    assert_false(again.created);
    assert_int_equal(again.id, first.id);
    refused(tagstore_create_tag_key(store, &place, &again, &error), ERROR_CONFLICT);
    place.environment_id = 0;
    ok(tagstore_create_tag_key(store, &place, &again, &error));
    assert_int_not_equal(again.id, first.id);
    assert_string_equal(tag_keys(), "1/0 color:0, 1/3 color:0");
}

static void test_values(void **state)
{
    (void)state;
    struct tag_place place = place_of(0, 3, "color", "red");
    struct tag_row first, again;
    need_database();
    ok(tagstore_create_tag_value(store, &place, &first, &error));
    assert_true(first.id > 0 && first.times_seen == 0);
    assert_true(first.first_seen == USEC_NONE && first.last_seen == USEC_NONE);
    refused(tagstore_create_tag_value(store, &place, &again, &error), ERROR_CONFLICT);
    incr(0, 3, "red", 2, second(5), second(9));
    ok(tagstore_get_or_create_tag_value(store, &place, &again, &error));
    assert_false(again.created);
    assert_int_equal(again.id, first.id);
    assert_int_equal(again.times_seen, 2);
    assert_int_equal(again.first_seen, second(5));
    assert_int_equal(again.last_seen, second(9));
    place.value = "";
    ok(tagstore_get_or_create_tag_value(store, &place, &again, &error));
    assert_true(again.created);
    assert_string_equal(tag_keys(), "1/0 color:1, 1/3 color:2");
}

static void test_group_keys(void **state)
{
    (void)state;
    struct tag_place place = place_of(7, 3, "color", NULL);
    struct tag_row first, again;
    need_database();
    ok(tagstore_get_or_create_group_tag_key(store, &place, &first, &error));
    assert_true(first.created && first.values_seen == 0);
    ok(tagstore_get_or_create_group_tag_key(store, &place, &again, &error));
    assert_true(!again.created && again.id == first.id);
    refused(tagstore_create_group_tag_key(store, &place, &again, &error), ERROR_CONFLICT);
    place.group_id = 8;
    ok(tagstore_create_group_tag_key(store, &place, &again, &error));
    assert_string_equal(group_keys(), "7/3 color:0, 8/3 color:0");
    assert_string_equal(tag_keys(), "1/3 color:0");
}

static void test_group_values(void **state)
{
    (void)state;
    struct tag_place place = place_of(7, 3, "color", "red");
    struct tag_row first, again, key;
    need_database();
    ok(tagstore_create_group_tag_value(store, &place, &first, &error));
    assert_true(first.id > 0 && first.times_seen == 0 && first.first_seen == USEC_NONE);
    refused(tagstore_create_group_tag_value(store, &place, &again, &error), ERROR_CONFLICT);
    place.value = "blue";
    ok(tagstore_get_or_create_group_tag_value(store, &place, &again, &error));
    assert_true(again.created && again.id != first.id);
    ok(tagstore_get_or_create_group_tag_value(store, &place, &again, &error));
    assert_false(again.created);
    ok(tagstore_get_or_create_group_tag_key(store, &place, &key, &error));
    assert_true(!key.created && key.values_seen == 2);
    assert_string_equal(tag_keys(), "1/3 color:2");
    assert_string_equal(group_values(), "7/3 color=blue 0x?-?, 7/3 color=red 0x?-?");
    assert_string_equal(tag_values(), "3 color=blue 0x?-?, 3 color=red 0x?-?");
}

static void test_texts_that_are_too_long(void **state)
{
    (void)state;
    struct tag_row row;
    need_database();
    char *value = arena_alloc(arena, 202, &error);
    memset(value, 'x', 201);
    struct tag_place place = place_of(7, 3, "color", value);
    refused(tagstore_get_or_create_tag_value(store, &place, &row, &error), ERROR_INVALID);
    pg_rollback(pg);
    ok(pg_begin(pg, &error));
    value[33] = '\0';
    place = place_of(7, 3, value, "red");
    refused(tagstore_get_or_create_tag_key(store, &place, &row, &error), ERROR_INVALID);
}

struct racer {
    pthread_t thread;
    int64_t id;
    struct error error;
    bool done, created;
};

static void *race(void *argument)
{
    struct racer *racer = argument;
    struct pg *mine = pg_new(getenv("TEST_DATABASE_URL"), "test");
    struct tagstore *my_store = postgres_tagstore_new(mine);
    struct tag_place place = place_of(7, 3, "color", "red");
    struct tag_row row = {.id = 0};
    racer->done = pg_connect(mine, &racer->error) && pg_begin(mine, &racer->error) &&
                  tagstore_get_or_create_group_tag_value(my_store, &place, &row, &racer->error) &&
                  pg_commit(mine, &racer->error);
    racer->id = row.id;
    racer->created = row.created;
    tagstore_free(my_store);
    pg_free(mine);
    return NULL;
}

static void wait_for_lock(struct pg *watcher)
{
    for (int i = 0; i < 1000; i++) {
        struct pg_result *result = NULL;
        ok(pg_query(watcher,
                    "SELECT FROM pg_stat_activity WHERE datname = current_database()"
                    " AND wait_event_type = 'Lock'",
                    NULL, &result, &error));
        bool waits = pg_rows(result) > 0;
        pg_result_free(result);
        if (waits)
            return;
        clock_sleep_ms(10);
    }
    fail_msg("nobody waits for a lock");
}

/* The other transaction creates the same row, and has to wait for the COMMIT of this one. */
static void test_only_one_creates(void **state)
{
    (void)state;
    struct tag_place place = place_of(7, 3, "color", "red");
    struct racer racer = {.created = true};
    struct tag_row row;
    need_database();
    struct pg *watcher = connect_pg();
    ok(pg_begin(pg, &error));
    ok(tagstore_create_tag_value(store, &place, &row, &error));
    ok(pg_commit(pg, &error));
    ok(pg_begin(pg, &error));
    ok(tagstore_get_or_create_group_tag_value(store, &place, &row, &error));
    assert_true(row.created);
    assert_int_equal(pthread_create(&racer.thread, NULL, race, &racer), 0);
    wait_for_lock(watcher);
    ok(pg_commit(pg, &error));
    assert_int_equal(pthread_join(racer.thread, NULL), 0);
    pg_free(watcher);
    if (!racer.done)
        fail_msg("%s", racer.error.message);
    assert_false(racer.created);
    assert_int_equal(racer.id, row.id);
    assert_string_equal(tag_keys(), "1/3 color:1");
    assert_string_equal(group_keys(), "7/3 color:1");
}

/* ---- incr ---- */

static void test_incr_value(void **state)
{
    (void)state;
    need_database();
    incr(0, 3, "red", 1, USEC_NONE, second(50));
    assert_string_equal(tag_values(), "0 color=red 1x50-50, 3 color=red 1x50-50");
    incr(0, 3, "red", 4, second(20), USEC_NONE);
    incr(0, 4, "red", 2, second(30), second(70));
    incr(0, 3, "red", 1, second(40), second(60)); /* inside the known bounds */
    incr(0, 3, "red", 1, USEC_NONE, USEC_NONE);
    assert_string_equal(tag_values(),
                        "0 color=red 9x20-70, 3 color=red 7x20-60, 4 color=red 2x30-70");
    incr(0, 0, "red", 1, USEC_NONE, second(80)); /* no environment: one row */
    incr(0, 4, "blue", 1, USEC_NONE, second(1));
    assert_string_equal(tag_values(),
                        "0 color=blue 1x1-1, 0 color=red 10x20-80, 3 color=red 7x20-60,"
                        " 4 color=blue 1x1-1, 4 color=red 2x30-70");
    assert_string_equal(tag_keys(), "1/0 color:2, 1/3 color:1, 1/4 color:2");
    assert_string_equal(group_values(), "");
}

static void test_incr_group_value(void **state)
{
    (void)state;
    need_database();
    incr(7, 3, "red", 2, second(10), second(20));
    incr(7, 3, "blue", 1, USEC_NONE, second(5));
    incr(8, 4, "red", 1, USEC_NONE, second(30));
    assert_string_equal(group_values(),
                        "7/0 color=blue 1x5-5, 7/0 color=red 2x10-20, 7/3 color=blue 1x5-5,"
                        " 7/3 color=red 2x10-20, 8/0 color=red 1x30-30, 8/4 color=red 1x30-30");
    assert_string_equal(group_keys(), "7/0 color:2, 7/3 color:2, 8/0 color:1, 8/4 color:1");
    assert_string_equal(tag_keys(), "1/0 color:2, 1/3 color:2, 1/4 color:1");
    assert_string_equal(tag_values(), "0 color=blue 0x?-?, 0 color=red 0x?-?, 3 color=blue 0x?-?,"
                                      " 3 color=red 0x?-?, 4 color=red 0x?-?");
}

static void test_incr_stays_within_the_column(void **state)
{
    (void)state;
    need_database();
    incr(0, 3, "red", INT64_MAX, USEC_NONE, USEC_NONE);
    incr(0, 3, "red", 5, USEC_NONE, USEC_NONE);
    incr(7, 3, "red", INT32_MAX - 1, USEC_NONE, USEC_NONE);
    incr(7, 3, "red", INT32_MAX, USEC_NONE, USEC_NONE);
    assert_string_equal(tag_values(), "0 color=red 2147483647x?-?, 3 color=red 2147483647x?-?");
    assert_string_equal(group_values(),
                        "7/0 color=red 2147483647x?-?, 7/3 color=red 2147483647x?-?");
    struct tag_place place = place_of(7, 3, "color", "red");
    struct tag_increment nothing = {0, USEC_NONE, USEC_NONE};
    refused(tagstore_incr_tag_value_times_seen(store, &place, &nothing, &error), ERROR_INVALID);
}

/* ---- create_event_tags ---- */

static void test_event_tags(void **state)
{
    (void)state;
    struct tag_observation event = {.project_id = MAIN_PROJECT,
                                    .group_id = 7,
                                    .environment_id = 3,
                                    .event_id = 100,
                                    .seen = second(10)};
    const struct tag items[] = {{"size", "big"}, {"color", "red"}, {"color", "blue"}};
    struct tag_list tags = {.items = items};
    need_database();
    for (tags.count = ARRAY_LENGTH(items); tags.count > 0; tags.count--)
        ok(tagstore_create_event_tags(store, &event, &tags, &error));
    ok(tagstore_create_event_tags(store, &event, &(struct tag_list){.items = NULL}, &error));
    tags.count = 1;
    assert_string_equal(event_tags(), "100:7/3 color=blue 10, 100:7/3 color=red 10,"
                                      " 100:7/3 size=big 10");
    assert_string_equal(tag_keys(), "1/3 color:2, 1/3 size:1");
    assert_string_equal(group_values(), "");
    event.environment_id = 0;
    refused(tagstore_create_event_tags(store, &event, &tags, &error), ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_keys),
        ROLLED_BACK(test_values),
        ROLLED_BACK(test_group_keys),
        ROLLED_BACK(test_group_values),
        ROLLED_BACK(test_texts_that_are_too_long),
        CLEARED(test_only_one_creates),
        ROLLED_BACK(test_incr_value),
        ROLLED_BACK(test_incr_group_value),
        ROLLED_BACK(test_incr_stays_within_the_column),
        ROLLED_BACK(test_event_tags),
    };
    return cmocka_run_group_tests(tests, open_store, close_store);
}
