/* SPDX-License-Identifier: Apache-2.0 */
/* queue_place.c and queue_list.c: the place of a waiting export, workers, delayed exports. Over a
   private PostgreSQL. */
#include "job/queue.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../export_fixture.h"

#define COLUMNS                                                                                    \
    "INSERT INTO exportd.export (data_export_id, date_added, organization_id, user_id, "           \
    "query_type,"                                                                                  \
    " query_info, queue, attempt, failures, rows, bytes, pages, state, big, priority, "            \
    "next_try_at,"                                                                                 \
    " message, worker)"

static int prepare_queue(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture->pg, "TRUNCATE exportd.organization, exportd.flow, exportd.worker,"
                         " exportd.queue");
    return prepare(state);
}

/* Inserts rows of COLUMNS. `values` begins with the state; `rows` yields n, which is the id. All
   belong to organization 1, and row n to user n % 10. */
static void insert(struct fixture *fixture, const char *values, const char *rows)
{
    char sql[1024];
    (void)snprintf(sql, sizeof(sql),
                   COLUMNS " SELECT n, now(), 1, n %% 10, 0, '', 'data_export', 0, 0, 0, 0, 0, %s"
                           " FROM %s",
                   values, rows);
    run_sql(fixture->pg, sql);
}

static const struct queue_limits limits = {.max_running = 5, .lease_seconds = 30};

static struct queue_place place_of(struct fixture *fixture, int64_t id)
{
    struct error error;
    struct queue_place place;
    if (!queue_find_place(fixture->pg, id, &limits, &place, &error))
        fail_msg("%s", error.message);
    return place;
}

static void expect_place(struct fixture *fixture, int64_t id, int64_t expected)
{
    assert_int_equal(place_of(fixture, id).place, expected);
}

/* ---- place ---- */

#define WAITING(big, priority) "'waiting', " big ", " priority ", NULL, NULL, NULL"

/* Users take turns; a lower priority comes first; big exports have an order of their own; other
   queues and organizations do not count. */
static void test_order(void **state)
{
    struct fixture *fixture = *state;
    insert(fixture, WAITING("false", "0"), "unnest(ARRAY[10, 20, 30, 11]) AS n");
    insert(fixture, WAITING("false", "3"), "unnest(ARRAY[5, 12]) AS n");
    insert(fixture, WAITING("true", "0"), "unnest(ARRAY[6]) AS n");
    run_sql(fixture->pg, COLUMNS
            " SELECT n, now(), 2, 0, 0, '', 'data_export', 0, 0, 0, 0, 0,"
            " 'waiting', false, 0, NULL, NULL, NULL FROM generate_series(1, 2) AS n;" COLUMNS
            " SELECT 3, now(), 1, 0, 0, '', 'other', 0, 0, 0, 0, 0,"
            " 'waiting', false, 0, NULL, NULL, NULL");
    expect_place(fixture, 10, 1);
    expect_place(fixture, 11, 2);
    expect_place(fixture, 20, 3);
    expect_place(fixture, 30, 4);
    expect_place(fixture, 5, 5);
    expect_place(fixture, 12, 6);
    expect_place(fixture, 6, 1);
    expect_place(fixture, 3, 1);
    expect_place(fixture, 99, 0);
}

static void test_what_it_waits_for(void **state)
{
    struct fixture *fixture = *state;
    insert(fixture, WAITING("false", "0"), "generate_series(1, 2) AS n");
    insert(fixture, "'running', false, 0, NULL, NULL, 'w'", "generate_series(3, 5) AS n");
    struct queue_place place = place_of(fixture, 1);
    assert_true(place.running == 3 && place.max_running == 5 && !place.paused && !place.served);
    run_sql(fixture->pg,
            "INSERT INTO exportd.organization (organization_id, max_running) VALUES (1, 2);"
            "INSERT INTO exportd.queue (name, paused) VALUES ('data_export', true), ('o', false);"
            "INSERT INTO exportd.worker VALUES"
            " ('w', 'w', 'data_export', '1', 4, now(), now() - interval '29 seconds')");
    place = place_of(fixture, 1);
    assert_true(place.running == 3 && place.max_running == 2 && place.paused && place.served);
    run_sql(fixture->pg, "UPDATE exportd.worker SET beat_at = now() - interval '31 seconds';"
                         "UPDATE exportd.queue SET paused = false");
    place = place_of(fixture, 2);
    assert_true(place.place == 2 && !place.paused && !place.served);
    expect_place(fixture, 3, 0);
}

/* A worker with several threads keeps one of them for small exports. `kept` is false if no thread
   is free, or if the free thread is the only one of its worker. */
static void test_kept_for_small(void **state)
{
    struct fixture *fixture = *state;
    insert(fixture, WAITING("true", "0"), "generate_series(1, 1) AS n");
    insert(fixture, WAITING("false", "0"), "generate_series(2, 2) AS n");
    assert_false(place_of(fixture, 1).kept);
    run_sql(fixture->pg, "INSERT INTO exportd.worker VALUES"
                         " ('w', 'w', 'data_export', '1', 2, now(), now()),"
                         " ('o', 'o', 'other', '1', 9, now(), now()),"
                         " ('d', 'd', 'data_export', '1', 9, now(), now() - interval '1 hour')");
    assert_false(place_of(fixture, 1).kept);
    insert(fixture, "'running', true, 0, NULL, NULL, 'w'", "generate_series(3, 3) AS n");
    assert_true(place_of(fixture, 1).kept);
    assert_false(place_of(fixture, 2).kept);
    insert(fixture, "'running', false, 0, NULL, NULL, 'w'", "generate_series(4, 4) AS n");
    assert_false(place_of(fixture, 1).kept);
    run_sql(fixture->pg,
            "DELETE FROM exportd.export WHERE data_export_id = 4;"
            "INSERT INTO exportd.worker VALUES ('v', 'v', 'data_export', '1', 1, now(), now())");
    assert_false(place_of(fixture, 1).kept);
    insert(fixture, "'running', false, 0, NULL, NULL, 'v'", "generate_series(5, 5) AS n");
    assert_true(place_of(fixture, 1).kept);
}

/* Counts up to 1000 jobs before it, and so reads only a part of the index. */
static void test_a_long_queue(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture->pg, "ALTER TABLE exportd.export DISABLE TRIGGER export_arrives");
    insert(fixture, WAITING("false", "0"), "generate_series(1, 100000) AS n");
    run_sql(fixture->pg, "ALTER TABLE exportd.export ENABLE TRIGGER export_arrives");
    run_sql(fixture->pg, "ANALYZE exportd.export");
    expect_place(fixture, 1000, 1000);
    expect_place(fixture, 1001, QUEUE_PLACE_MAX);
    int64_t begin = clock_monotonic_ms();
    for (int i = 0; i < 50; i++)
        expect_place(fixture, 100000, QUEUE_PLACE_MAX);
    assert_in_range(clock_monotonic_ms() - begin, 0, 2000);
}

static void test_promote(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    bool moved = false;
    insert(fixture, "'delayed', false, 0, now() + interval '1 hour', 'away', NULL",
           "generate_series(1, 1) AS n");
    assert_true(queue_promote(fixture->pg, 1, &moved, &error));
    assert_true(moved);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, next_try_at, message) FROM exportd.export",
               "waiting away");
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.flow", "1");
    assert_true(queue_promote(fixture->pg, 1, &moved, &error));
    assert_false(moved);
}

/* ---- lists ---- */

static void expect_json(json_t *list, const char *expected)
{
    char *text = json_dumps(list, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(list);
}

static void test_workers(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    json_t *workers = NULL;
    run_sql(fixture->pg,
            "INSERT INTO exportd.worker VALUES"
            " ('h:1', 'h', 'data_export', '1.0', 4, '2020-03-25T12:00:00Z', clock_timestamp()),"
            " ('g:2', 'g', 'data_export', '2.0', 1, '2020-03-25T12:00:00Z',"
            " clock_timestamp() - interval '99.9 seconds'),"
            " ('o:3', 'o', 'other', '2.0', 1, now(), now())");
    insert(fixture, "'running', false, 0, NULL, NULL, 'h:1'", "unnest(ARRAY[8, 7]) AS n");
    assert_true(queue_list_workers(fixture->pg, "data_export", 30, &workers, &error));
    expect_json(workers, "[{\"instance\":\"g:2\",\"name\":\"g\",\"version\":\"2.0\",\"threads\":1,"
                         "\"started_at\":\"2020-03-25T12:00:00.000000Z\",\"beat_age_seconds\":99,"
                         "\"silent\":true,\"exports\":[]},"
                         "{\"instance\":\"h:1\",\"name\":\"h\",\"version\":\"1.0\",\"threads\":4,"
                         "\"started_at\":\"2020-03-25T12:00:00.000000Z\",\"beat_age_seconds\":0,"
                         "\"silent\":false,\"exports\":[7,8]}]");
}

/* The border of a page falls between equal times. */
static void test_delayed(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct delayed_page page = {.queue = "data_export", .max = 3, .after_at = USEC_NONE};
    char ids[64] = "";
    json_t *exports = NULL;
    insert(fixture, "'delayed', false, 0, '2020-03-25T12:00:00.000001Z', 'away', NULL",
           "generate_series(2, 5) AS n");
    insert(fixture, "'delayed', false, 0, '2020-03-25T11:00:00Z', NULL, NULL",
           "unnest(ARRAY[9]) AS n");
    do {
        json_decref(exports);
        assert_true(queue_list_delayed(fixture->pg, &page, &exports, &error));
        for (size_t i = 0; i < json_array_size(exports); i++)
            (void)snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids),
                           "%" JSON_INTEGER_FORMAT " ",
                           json_integer_value(json_object_get(json_array_get(exports, i), "id")));
    } while (json_array_size(exports) == 3);
    assert_string_equal(ids, "9 2 3 4 5 ");
    (void)json_array_remove(exports, 0);
    expect_json(exports, "[{\"id\":5,\"next_try_at\":\"2020-03-25T12:00:00.000001Z\","
                         "\"failures\":0,\"message\":\"away\",\"organization\":\"acme\"}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_order, prepare_queue),
        cmocka_unit_test_setup(test_what_it_waits_for, prepare_queue),
        cmocka_unit_test_setup(test_kept_for_small, prepare_queue),
        cmocka_unit_test_setup(test_a_long_queue, prepare_queue),
        cmocka_unit_test_setup(test_promote, prepare_queue),
        cmocka_unit_test_setup(test_workers, prepare_queue),
        cmocka_unit_test_setup(test_delayed, prepare_queue),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
