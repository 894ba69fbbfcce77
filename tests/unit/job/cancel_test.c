/* SPDX-License-Identifier: Apache-2.0 */
/* Cancels exports, over a private PostgreSQL. */
#include "job/cancel.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../export_fixture.h"
#include "job/enqueue.h"

static void insert_row(struct fixture *fixture, int64_t id)
{
    insert_row_of(fixture, id, "'2020-03-25T12:00:00Z'");
}

static void insert_waiting(struct fixture *fixture, int64_t id)
{
    struct error error;
    struct enqueue_job job = {
        .data_export_id = id, .limit = 5, .eta = USEC_NONE, .expires = USEC_NONE};
    const struct enqueue enqueue = {
        .queue = "data_export", .source = "cli", .jobs = &job, .count = 1};
    insert_row(fixture, id);
    if (!enqueue_jobs(fixture->pg, &enqueue, &error))
        fail_msg("%s", error.message);
}

static enum cancel_result cancel(struct fixture *fixture, int64_t id)
{
    struct error error;
    enum cancel_result result = CANCEL_NOT_FOUND;
    if (!pg_begin(fixture->pg, &error) ||
        !cancel_export(fixture->pg, id, "not wanted", &result, &error) ||
        !pg_commit(fixture->pg, &error))
        fail_msg("%s", error.message);
    return result;
}

static void expect_state(struct fixture *fixture, const char *expected)
{
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, attempt, \"limit\", message, worker, next_try_at,"
               " finished_at > now() - interval '1 minute',"
               " (SELECT count(*) FROM sentry_exporteddata)) FROM exportd.export",
               expected);
}

static void test_waiting(void **state)
{
    struct fixture *fixture = *state;
    insert_waiting(fixture, 27);
    assert_int_equal(cancel(fixture, 27), CANCEL_DONE);
    expect_state(fixture, "cancelled 0 5 not wanted t 0");
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.outbox", "0");
    assert_int_equal(cancel(fixture, 27), CANCEL_FINISHED);
}

static void test_delayed(void **state)
{
    struct fixture *fixture = *state;
    insert_waiting(fixture, 27);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'delayed', attempt = 2,"
                         " next_try_at = now() + interval '1 hour', message = 'is away',"
                         " cause = 'is away'");
    assert_int_equal(cancel(fixture, 27), CANCEL_DONE);
    expect_state(fixture, "cancelled 2 5 not wanted t 0");
    expect_sql(fixture->pg, "SELECT cause IS NULL FROM exportd.export", "t");
}

static void test_running(void **state)
{
    struct fixture *fixture = *state;
    insert_waiting(fixture, 27);
    run_sql(fixture->pg,
            "UPDATE exportd.export SET state = 'running', attempt = 2, worker = 'w';"
            "INSERT INTO exportd.attempt (data_export_id, attempt, worker, started_at, ended_at,"
            " outcome) VALUES (27, 1, 'w', now(), now(), 'crashed'),"
            " (27, 2, 'w', now(), NULL, NULL)");
    assert_int_equal(cancel(fixture, 27), CANCEL_DONE);
    expect_state(fixture, "cancelled 2 5 not wanted t 0");
    expect_sql(fixture->pg,
               "SELECT string_agg(concat_ws(' ', attempt, outcome, message, ended_at IS NULL), ', '"
               " ORDER BY attempt) FROM exportd.attempt",
               "1 crashed f, 2 cancelled not wanted f");
}

/* The export's message comes later and finds it finished. */
static void test_not_taken_in_yet(void **state)
{
    struct fixture *fixture = *state;
    insert_row(fixture, 27);
    assert_int_equal(cancel(fixture, 27), CANCEL_DONE);
    expect_state(fixture, "cancelled 0 not wanted t 0");
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', date_added AT TIME ZONE 'UTC', query_type, query_info)"
               " FROM exportd.export",
               "2020-03-25 12:00:00 0 {\"key\": \"color\"}");
}

/* The database was restored: the row of exportd.export belongs to another job, and only its attempt
   number goes on. */
static void test_not_taken_in_yet_in_this_life(void **state)
{
    struct fixture *fixture = *state;
    insert_waiting(fixture, 27);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'valid', attempt = 3, rows = 9,"
                         " date_added = '2019-01-01', finished_at = '2019-01-01'");
    assert_int_equal(cancel(fixture, 27), CANCEL_DONE);
    expect_state(fixture, "cancelled 3 not wanted t 0");
    expect_sql(fixture->pg, "SELECT rows FROM exportd.export", "0");
}

static void test_row_deleted_by_another_program(void **state)
{
    struct fixture *fixture = *state;
    insert_waiting(fixture, 27);
    run_sql(fixture->pg, "DELETE FROM sentry_exporteddata");
    assert_int_equal(cancel(fixture, 27), CANCEL_DONE);
    expect_state(fixture, "cancelled 0 5 not wanted t 0");
}

static void test_finished(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(cancel(fixture, 27), CANCEL_NOT_FOUND);
    insert_waiting(fixture, 27);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'valid';"
                         "UPDATE sentry_exporteddata SET date_finished = now()");
    assert_int_equal(cancel(fixture, 27), CANCEL_FINISHED);
    expect_sql(fixture->pg, "SELECT concat(state, message) FROM exportd.export", "valid");
    run_sql(fixture->pg,
            "UPDATE exportd.export SET state = 'failed'; DELETE FROM sentry_exporteddata");
    assert_int_equal(cancel(fixture, 27), CANCEL_FINISHED);
    expect_sql(fixture->pg, "SELECT state FROM exportd.export", "failed");
}

static void test_finished_by_another_program(void **state)
{
    struct fixture *fixture = *state;
    insert_waiting(fixture, 27);
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET date_finished = now()");
    assert_int_equal(cancel(fixture, 27), CANCEL_FINISHED);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, (SELECT count(*) FROM sentry_exporteddata))"
               " FROM exportd.export",
               "waiting 1");
}

/* A file that the row had before the database was restored is deleted, as after a failure. */
static void test_old_file(void **state)
{
    struct fixture *fixture = *state;
    insert_waiting(fixture, 27);
    run_sql(fixture->pg, "INSERT INTO sentry_file (id, name, type, timestamp, headers)"
                         " VALUES (5, 'a.csv', 'export.csv', now(), '{}');"
                         "UPDATE sentry_exporteddata SET file_id = 5");
    assert_int_equal(cancel(fixture, 27), CANCEL_DONE);
    expect_sql(fixture->pg, "SELECT count(*) FROM sentry_file", "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_waiting, prepare),
        cmocka_unit_test_setup(test_delayed, prepare),
        cmocka_unit_test_setup(test_running, prepare),
        cmocka_unit_test_setup(test_not_taken_in_yet, prepare),
        cmocka_unit_test_setup(test_not_taken_in_yet_in_this_life, prepare),
        cmocka_unit_test_setup(test_row_deleted_by_another_program, prepare),
        cmocka_unit_test_setup(test_finished, prepare),
        cmocka_unit_test_setup(test_finished_by_another_program, prepare),
        cmocka_unit_test_setup(test_old_file, prepare),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
