/* SPDX-License-Identifier: Apache-2.0 */
/* exportd.export as a history, against a real PostgreSQL of the test's own. */
#include "job/history.h"

#include "job/enqueue.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../export_fixture.h"

/* A row added at noon of 2020-03-25. */
static void insert_row(struct fixture *fixture, int64_t id)
{
    insert_row_of(fixture, id, "'2020-03-25T12:00:00Z'");
}

static void insert_waiting(struct fixture *fixture, int64_t id, int64_t limit, int64_t environment)
{
    struct error error;
    struct enqueue_job job = {.data_export_id = id,
                              .limit = limit,
                              .environment_id = environment,
                              .eta = USEC_NONE,
                              .expires = USEC_NONE};
    const struct enqueue enqueue = {
        .queue = "data_export", .source = "cli", .jobs = &job, .count = 1};
    if (!enqueue_jobs(fixture->pg, &enqueue, &error))
        fail_msg("%s", error.message);
}

static json_t *list_by(struct fixture *fixture, const struct history_filter *filter)
{
    struct error error;
    json_t *exports = NULL;
    if (!history_list(fixture->pg, filter, &exports, &error))
        fail_msg("%s", error.message);
    return exports;
}

static json_t *list(struct fixture *fixture, int64_t id, int64_t max)
{
    const struct history_filter filter = {.data_export_id = id, .max = max};
    return list_by(fixture, &filter);
}

static const char *text_of(const json_t *exports, size_t index, const char *name)
{
    const json_t *value = json_object_get(json_array_get(exports, index), name);
    assert_non_null(value);
    return json_is_null(value) ? "null" : json_string_value(value);
}

static int64_t number_of(const json_t *exports, size_t index, const char *name)
{
    const json_t *value = json_object_get(json_array_get(exports, index), name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

/* ---- enqueue ---- */

static void test_insert_and_find(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct history_entry entry;
    insert_row(fixture, 27);
    assert_true(history_find(fixture->pg, 27, &entry, &error));
    assert_false(entry.known);
    insert_waiting(fixture, 27, 500, INT64_MAX);
    assert_true(history_find(fixture->pg, 27, &entry, &error));
    assert_true(entry.known);
    assert_int_equal(entry.state, JOB_WAITING);
    assert_int_equal(entry.limit, 500);
    assert_int_equal(entry.environment_id, INT64_MAX);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', attempt, failures, rows, worker IS NULL, x.date_added ="
               " e.date_added, queue) FROM exportd.export x"
               " JOIN sentry_exporteddata e ON id = data_export_id",
               "0 0 0 t t data_export");
}

/* What a worker has begun is not thrown back by a late enqueue. */
static void test_insert_leaves_a_known_job_alone(void **state)
{
    struct fixture *fixture = *state;
    insert_row(fixture, 27);
    insert_waiting(fixture, 27, 0, 0);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'running', attempt = 3, worker = 'w'");
    insert_waiting(fixture, 27, 9, 9);
    expect_sql(
        fixture->pg,
        "SELECT concat_ws(' ', state, attempt, worker, \"limit\" IS NULL) FROM exportd.export",
        "running 3 w t");
}

static void test_insert_over_another_life(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct history_entry entry;
    insert_row(fixture, 27);
    insert_waiting(fixture, 27, 5, 0);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'failed', attempt = 4, failures = 2,"
                         " message = 'old', date_added = date_added - interval '1 day',"
                         " finished_at = now(), first_claimed_at = now(), rows = 9");
    assert_true(history_find(fixture->pg, 27, &entry, &error));
    assert_false(entry.known);
    insert_waiting(fixture, 27, 0, 0);
    expect_sql(
        fixture->pg,
        "SELECT concat_ws(' ', state, attempt, failures, rows, message IS NULL,"
        " finished_at IS NULL, first_claimed_at IS NULL, \"limit\" IS NULL) FROM exportd.export",
        "waiting 4 0 0 t t t t");
}

/* ---- the list ---- */

static void test_statuses(void **state)
{
    struct fixture *fixture = *state;
    static const char *const statuses[] = {"GONE",  "GONE",  "FAILED", "EXPIRED",
                                           "VALID", "EARLY", "EARLY"};
    static const char *const states[] = {"running", "gone",    "failed", "null",
                                         "valid",   "running", "null"};
    for (int64_t id = 1; id <= 7; id++)
        insert_row(fixture, id);
    for (int64_t id = 2; id <= 7; id++)
        if (id != 4)
            insert_waiting(fixture, id, 0, 0);
    run_sql(fixture->pg,
            "UPDATE exportd.export SET state = 'running' WHERE data_export_id IN (2, 7);"
            "UPDATE exportd.export SET state = 'valid' WHERE data_export_id = 3;"
            "UPDATE exportd.export SET state = 'failed', message = 'no such key',"
            " finished_at = now() WHERE data_export_id = 5;"
            "UPDATE exportd.export SET state = 'gone' WHERE data_export_id = 6;"
            "DELETE FROM sentry_exporteddata WHERE id IN (5, 6, 7);"
            "UPDATE sentry_exporteddata SET date_finished = now(),"
            " date_expired = now() + interval '1 minute' WHERE id = 3;"
            "UPDATE sentry_exporteddata SET date_finished = now(),"
            " date_expired = now() - interval '1 minute' WHERE id = 4;");
    json_t *exports = list(fixture, 0, 100);
    assert_int_equal(json_array_size(exports), 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(number_of(exports, i, "id"), 7 - (int)i);
        assert_string_equal(text_of(exports, i, "status"), statuses[i]);
        assert_string_equal(text_of(exports, i, "state"), states[i]);
    }
    assert_string_equal(text_of(exports, 2, "message"), "no such key");
    json_decref(exports);
    exports = list(fixture, 0, 2);
    assert_int_equal(json_array_size(exports), 2);
    assert_int_equal(number_of(exports, 1, "id"), 6);
    json_decref(exports);
}

static void test_members(void **state)
{
    struct fixture *fixture = *state;
    insert_row(fixture, 27);
    insert_waiting(fixture, 27, 5, 6);
    run_sql(fixture->pg,
            "UPDATE exportd.export SET state = 'delayed', attempt = 2, failures = 1, rows = 3,"
            " bytes = 4, pages = 5, worker = 'w', message = 'away',"
            " next_try_at = '2020-03-26T00:00:00.5Z';"
            "INSERT INTO exportd.outbox (data_export_id, message_id, recipient, mime, tries,"
            " next_try_at, state, message) VALUES (27, 'm', 'r', 'x', 1, now(), 'given-up',"
            " 'refused')");
    json_t *exports = list(fixture, 27, 1);
    char *text = json_dumps(json_array_get(exports, 0), JSON_COMPACT);
    assert_non_null(text);
    assert_string_equal(
        text,
        "{\"id\":27,\"status\":\"EARLY\",\"state\":\"delayed\",\"type\":0,"
        "\"organization\":\"acme\",\"user\":\"ann@example.com\","
        "\"file_name\":null,\"query_info\":\"{\\\"key\\\": "
        "\\\"color\\\"}\",\"limit\":5,\"environment_id\":6,"
        "\"date_added\":\"2020-03-25T12:00:00.000000Z\",\"date_finished\":null,"
        "\"date_expired\":null,\"rows\":3,\"bytes\":4,\"pages\":5,\"attempts\":2,\"failures\":1,"
        "\"worker\":\"w\",\"next_try_at\":\"2020-03-26T00:00:00.500000Z\",\"message\":\"away\","
        "\"mail\":\"given-up\",\"mail_message\":\"refused\"}");
    free(text);
    json_decref(exports);
}

/* What is remembered of another life of the id is not shown as this one's. */
static void test_list_of_a_restored_database(void **state)
{
    struct fixture *fixture = *state;
    insert_row(fixture, 27);
    insert_waiting(fixture, 27, 0, 0);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'failed', message = 'old',"
                         " date_added = date_added - interval '1 day'");
    json_t *exports = list(fixture, 27, 1);
    assert_int_equal(json_array_size(exports), 1);
    assert_string_equal(text_of(exports, 0, "status"), "EARLY");
    assert_string_equal(text_of(exports, 0, "state"), "null");
    assert_string_equal(text_of(exports, 0, "message"), "null");
    json_decref(exports);
}

static void test_user_and_organization_gone(void **state)
{
    struct fixture *fixture = *state;
    insert_row(fixture, 27);
    insert_waiting(fixture, 27, 0, 0);
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET user_id = NULL, query_type = 2");
    json_t *exports = list(fixture, 27, 1);
    assert_string_equal(text_of(exports, 0, "user"), "null");
    assert_int_equal(number_of(exports, 0, "type"), 2);
    json_decref(exports);
}

static void test_unknown_id(void **state)
{
    struct fixture *fixture = *state;
    const struct history_filter filter = {.data_export_id = 27, .max = 1};
    struct error error;
    json_t *exports = NULL;
    assert_false(history_list(fixture->pg, &filter, &exports, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_null(exports);
    exports = list(fixture, 0, 10);
    assert_int_equal(json_array_size(exports), 0);
    json_decref(exports);
}

/* By organization and owner; of a row that is deleted, by what exportd remembers. */
static void test_list_by_owner(void **state)
{
    struct fixture *fixture = *state;
    struct history_filter filter = {
        .organization_id = fixture->organization_id, .user_id = fixture->user_id, .max = 2};
    for (int64_t id = 25; id <= 29; id++) {
        insert_row(fixture, id);
        insert_waiting(fixture, id, 0, 0);
    }
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET user_id = NULL WHERE id = 29;"
                         "UPDATE sentry_exporteddata SET date_added = now() WHERE id = 29;"
                         "DELETE FROM sentry_exporteddata WHERE id IN (26, 28);"
                         "UPDATE exportd.export SET user_id = 0 WHERE data_export_id = 28");
    json_t *exports = list_by(fixture, &filter);
    assert_int_equal(json_array_size(exports), 1); /* 29 was remembered as this user's */
    assert_int_equal(number_of(exports, 0, "id"), 27);
    json_decref(exports);
    filter.max = 10;
    exports = list_by(fixture, &filter);
    assert_int_equal(json_array_size(exports), 3);
    assert_int_equal(number_of(exports, 1, "id"), 26);
    json_decref(exports);
    filter.user_id = 0;
    exports = list_by(fixture, &filter);
    assert_int_equal(json_array_size(exports), 5);
    json_decref(exports);
    filter.organization_id++;
    exports = list_by(fixture, &filter);
    assert_int_equal(json_array_size(exports), 0);
    json_decref(exports);
}

/* ---- cleanup and drain ---- */

static void test_delete_old(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    int64_t count = -1;
    for (int64_t id = 1; id <= 6; id++) {
        insert_row(fixture, id);
        insert_waiting(fixture, id, 0, 0);
    }
    run_sql(
        fixture->pg,
        "UPDATE exportd.export SET state = 'valid', finished_at = now() - interval '217 hours';"
        "UPDATE exportd.export SET state = 'failed' WHERE data_export_id = 2;"
        /* 3 has its file, 4 is young, 5 waits for its mail, 6 runs */
        "UPDATE sentry_exporteddata SET file_id = 1 WHERE id = 3;"
        "UPDATE exportd.export SET finished_at = now() - interval '215 hours'"
        " WHERE data_export_id = 4;"
        "INSERT INTO exportd.outbox (data_export_id, message_id, recipient, mime, tries,"
        " next_try_at, state) VALUES (5, 'm', 'r', 'x', 1, now(), 'waiting'),"
        " (1, 'n', 'r', 'x', 1, now(), 'sent');"
        "UPDATE exportd.export SET state = 'running', finished_at = NULL WHERE data_export_id = 6;"
        "INSERT INTO exportd.attempt (data_export_id, attempt, worker, started_at)"
        " SELECT data_export_id, 1, 'w', now() FROM exportd.export;");
    assert_true(history_delete_old(fixture->pg, 9, true, &count, &error));
    assert_int_equal(count, 2);
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.export", "6");
    assert_true(history_delete_old(fixture->pg, 9, false, &count, &error));
    assert_int_equal(count, 2);
    expect_sql(fixture->pg,
               "SELECT string_agg(data_export_id::text, ' ' ORDER BY data_export_id)"
               " FROM exportd.export",
               "3 4 5 6");
    expect_sql(fixture->pg,
               "SELECT string_agg(data_export_id::text, ' ' ORDER BY data_export_id)"
               " FROM exportd.attempt",
               "3 4 5 6");
    expect_sql(fixture->pg, "SELECT string_agg(data_export_id::text, ' ') FROM exportd.outbox",
               "5");
    assert_true(history_delete_old(fixture->pg, 9, false, &count, &error));
    assert_int_equal(count, 0);
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET file_id = NULL");
}

#define TEST(function) cmocka_unit_test_setup(function, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_insert_and_find),
        TEST(test_insert_leaves_a_known_job_alone),
        TEST(test_insert_over_another_life),
        TEST(test_statuses),
        TEST(test_members),
        TEST(test_list_of_a_restored_database),
        TEST(test_user_and_organization_gone),
        TEST(test_unknown_id),
        TEST(test_list_by_owner),
        TEST(test_delete_old),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
