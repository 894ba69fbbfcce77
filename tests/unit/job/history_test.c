/* SPDX-License-Identifier: Apache-2.0 */
/* history.c, history_list.c, and what they say after an enqueue. Over a private PostgreSQL. */
#include "job/history.h"

#include "job/enqueue.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../export_fixture.h"

/* Inserts a row with date_added 2020-03-25, noon. */
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

/* The rows live in the fixture's arena until the next list. */
static struct history_rows list_by(struct fixture *fixture, const struct history_filter *filter)
{
    struct error error;
    struct history_rows rows;
    arena_reset(fixture->arena);
    if (!history_list(fixture->pg, filter, fixture->arena, &rows, &error))
        fail_msg("%s", error.message);
    return rows;
}

static struct history_rows list(struct fixture *fixture, int64_t id, int64_t max)
{
    const struct history_filter filter = {.data_export_id = id, .max = max};
    return list_by(fixture, &filter);
}

/* Compares the ids of the rows, each followed by a blank. */
static void expect_ids(struct fixture *fixture, const struct history_filter *filter,
                       const char *expected)
{
    char ids[128] = "";
    const struct history_rows rows = list_by(fixture, filter);
    for (size_t i = 0; i < rows.count; i++)
        (void)snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%" PRId64 " ",
                       rows.items[i].id);
    assert_string_equal(ids, expected);
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
    run_sql(fixture->pg, "UPDATE exportd.export SET priority = 6; DELETE FROM sentry_exporteddata");
    assert_true(history_find(fixture->pg, 27, &entry, &error));
    assert_true(entry.known && entry.priority == 6);
    insert_row(fixture, 27);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', attempt, failures, rows, worker IS NULL, x.date_added ="
               " e.date_added, queue) FROM exportd.export x"
               " JOIN sentry_exporteddata e ON id = data_export_id",
               "0 0 0 t t data_export");
}

/* A late enqueue does not change a job that a worker has claimed. */
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

/* Rows 1 to 8, which test_statuses describes. */
static void insert_all_kinds(struct fixture *fixture)
{
    for (int64_t id = 1; id <= 8; id++)
        insert_row(fixture, id);
    for (int64_t id = 2; id <= 8; id++)
        if (id != 4)
            insert_waiting(fixture, id, 0, 0);
    run_sql(fixture->pg,
            "UPDATE exportd.export SET state = 'running' WHERE data_export_id IN (2, 7);"
            "UPDATE exportd.export SET state = 'valid' WHERE data_export_id = 3;"
            "UPDATE exportd.export SET state = 'failed', message = 'no such key',"
            " finished_at = now() WHERE data_export_id = 5;"
            "UPDATE exportd.export SET state = 'gone' WHERE data_export_id = 6;"
            "UPDATE exportd.export SET state = 'cancelled' WHERE data_export_id = 8;"
            "DELETE FROM sentry_exporteddata WHERE id IN (5, 6, 7, 8);"
            "UPDATE sentry_exporteddata SET date_finished = now(),"
            " date_expired = now() + interval '1 minute' WHERE id = 3;"
            "UPDATE sentry_exporteddata SET date_finished = now(),"
            " date_expired = now() - interval '1 minute' WHERE id = 4;");
}

static void test_statuses(void **state)
{
    struct fixture *fixture = *state;
    static const char *const statuses[] = {"CANCELLED", "GONE",  "GONE",  "FAILED",
                                           "EXPIRED",   "VALID", "EARLY", "EARLY"};
    static const char *const states[] = {"cancelled", "running", "gone",    "failed",
                                         NULL,        "valid",   "running", NULL};
    insert_all_kinds(fixture);
    struct history_rows rows = list(fixture, 0, 100);
    assert_int_equal(rows.count, 8);
    assert_false(rows.more);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(rows.items[i].id, 8 - (int)i);
        assert_string_equal(rows.items[i].status, statuses[i]);
        assert_true(states[i] == NULL ? rows.items[i].state == NULL
                                      : strcmp(rows.items[i].state, states[i]) == 0);
    }
    assert_string_equal(rows.items[3].message, "no such key");
}

static void test_pages(void **state)
{
    struct fixture *fixture = *state;
    struct history_filter filter = {.max = 3};
    struct error error;
    int64_t count = 0;
    insert_all_kinds(fixture);
    struct history_rows rows = list_by(fixture, &filter);
    assert_true(rows.more);
    expect_ids(fixture, &filter, "8 7 6 ");
    filter.before = 6;
    expect_ids(fixture, &filter, "5 4 3 ");
    filter.before = 3;
    expect_ids(fixture, &filter, "2 1 ");
    filter.before = 1;
    expect_ids(fixture, &filter, "");
    filter = (struct history_filter){.max = 8};
    rows = list_by(fixture, &filter);
    assert_false(rows.more);
    assert_true(history_count(fixture->pg, &filter, &count, &error));
    assert_int_equal(count, 8);
    filter.max = 4;
    assert_true(history_count(fixture->pg, &filter, &count, &error));
    assert_int_equal(count, 5);
}

static void test_by_state(void **state)
{
    struct fixture *fixture = *state;
    static const char *const expected[] = {"", "7 2 ", "", "3 ", "5 ", "8 ", "6 "};
    enum job_state wanted = JOB_WAITING;
    const struct history_filter filter = {.state = &wanted, .max = 10};
    insert_all_kinds(fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        wanted = (enum job_state)i;
        expect_ids(fixture, &filter, expected[i]);
    }
    /* The row of another job with this id has no state. */
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET date_added = now() WHERE id = 2");
    wanted = JOB_RUNNING;
    expect_ids(fixture, &filter, "7 ");
}

static void test_by_type(void **state)
{
    struct fixture *fixture = *state;
    enum query_type_code type = QUERY_DISCOVER;
    const struct history_filter filter = {.query_type = &type, .max = 10};
    insert_all_kinds(fixture);
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET query_type = 1 WHERE id IN (1, 4);"
                         "UPDATE exportd.export SET query_type = 1 WHERE data_export_id = 8");
    expect_ids(fixture, &filter, "8 4 1 ");
    type = QUERY_ISSUES_BY_TAG;
    expect_ids(fixture, &filter, "7 6 5 3 2 ");
}

static void test_members(void **state)
{
    struct fixture *fixture = *state;
    insert_row(fixture, 27);
    insert_waiting(fixture, 27, 5, 6);
    run_sql(fixture->pg,
            "UPDATE exportd.export SET state = 'delayed', attempt = 2, failures = 1, rows = 3,"
            " bytes = 4, pages = 5, worker = 'w', message = 'away',"
            " next_try_at = '2020-03-26T00:00:00.5Z', source = 'cli', priority = 7, big = true,"
            " crashes = 8, rows_expected = 0, truncated = 'limit', cause = 'refused',"
            " started_at = '2020-03-26T00:00:01Z', progress_at = '2020-03-26T00:00:02Z',"
            " window_from = '2020-03-26T00:00:03Z', window_to = '2020-03-26T00:00:04Z',"
            " expires_at = '2020-03-26T00:00:05Z', retry_of = 26;"
            "INSERT INTO exportd.outbox (data_export_id, message_id, recipient, mime, tries,"
            " next_try_at, state, message) VALUES (27, 'm', 'r', 'x', 1, now(), 'given-up',"
            " 'full')");
    const struct history_row row = list(fixture, 27, 1).items[0];
    const int64_t midnight = 1585180800 * USEC_PER_SECOND;
    assert_string_equal(row.organization, "acme");
    assert_string_equal(row.user, "ann@example.com");
    assert_string_equal(row.query_info, "{\"key\": \"color\"}");
    assert_true(row.limit == 5 && row.environment_id == 6 && row.query_type == 0);
    assert_true(row.progress.rows == 3 && row.progress.bytes == 4 && row.progress.pages == 5);
    assert_true(row.attempts == 2 && row.failures == 1 && row.crashes == 8);
    assert_int_equal(row.date_added, midnight - 12 * 3600 * USEC_PER_SECOND);
    assert_true(row.date_finished == USEC_NONE && row.date_expired == USEC_NONE);
    assert_int_equal(row.next_try_at, midnight + USEC_PER_SECOND / 2);
    assert_string_equal(row.worker, "w");
    assert_string_equal(row.message, "away");
    assert_string_equal(row.mail, "given-up");
    assert_string_equal(row.mail_message, "full");
    assert_string_equal(row.source, "cli");
    assert_true(row.priority == 7 && row.big && row.rows_expected == 0 && row.retry_of == 26);
    assert_string_equal(row.truncated, "limit");
    assert_string_equal(row.cause, "refused");
    assert_int_equal(row.started_at, midnight + 1 * USEC_PER_SECOND);
    assert_int_equal(row.progress_at, midnight + 2 * USEC_PER_SECOND);
    assert_int_equal(row.window_from, midnight + 3 * USEC_PER_SECOND);
    assert_int_equal(row.window_to, midnight + 4 * USEC_PER_SECOND);
    assert_int_equal(row.expires_at, midnight + 5 * USEC_PER_SECOND);
}

/* A row of exportd.export that belongs to another job with this id is not shown. */
static void test_list_of_a_restored_database(void **state)
{
    struct fixture *fixture = *state;
    insert_row(fixture, 27);
    insert_waiting(fixture, 27, 0, 0);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'failed', message = 'old',"
                         " date_added = date_added - interval '1 day'");
    const struct history_rows rows = list(fixture, 27, 1);
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.items[0].status, "EARLY");
    assert_null(rows.items[0].state);
    assert_null(rows.items[0].message);
    assert_int_equal(rows.items[0].rows_expected, -1);
}

static void test_user_and_organization_gone(void **state)
{
    struct fixture *fixture = *state;
    insert_row(fixture, 27);
    insert_waiting(fixture, 27, 0, 0);
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET user_id = NULL, query_type = 2");
    const struct history_rows rows = list(fixture, 27, 1);
    assert_null(rows.items[0].user);
    assert_int_equal(rows.items[0].query_type, 2);
}

static void test_unknown_id(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(list(fixture, 27, 1).count, 0);
    assert_int_equal(list(fixture, 0, 10).count, 0);
}

/* Lists by organization and user, of which exportd.export says both once the row is deleted. */
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
    expect_ids(fixture, &filter,
               "27 26 "); /* 29 has no user; exportd.export is about another job */
    run_sql(fixture->pg, "UPDATE exportd.export x SET date_added = e.date_added"
                         " FROM sentry_exporteddata e WHERE e.id = 29 AND data_export_id = 29");
    expect_ids(fixture, &filter, "27 26 "); /* 29 has no user, although exportd.export names one */
    assert_true(list_by(fixture, &filter).more);
    filter.max = 10;
    expect_ids(fixture, &filter, "27 26 25 ");
    filter.user_id = 0;
    expect_ids(fixture, &filter, "29 28 27 26 25 ");
    filter.organization_id++;
    expect_ids(fixture, &filter, "");
}

/* ---- cleanup ---- */

static void test_delete_old(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    int64_t count = -1;
    for (int64_t id = 1; id <= 7; id++) {
        insert_row(fixture, id);
        insert_waiting(fixture, id, 0, 0);
    }
    run_sql(
        fixture->pg,
        "UPDATE exportd.export SET state = 'valid', finished_at = now() - interval '217 hours';"
        "UPDATE exportd.export SET state = 'failed' WHERE data_export_id = 2;"
        /* 3 has its file, 4 is young, the mail of 5 waits, 6 runs, the row of 7 could not be
           deleted */
        "UPDATE exportd.export SET state = 'failed' WHERE data_export_id = 7;"
        "UPDATE sentry_exporteddata SET date_finished = now() WHERE id <> 7;"
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
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.export", "7");
    assert_true(history_delete_old(fixture->pg, 9, false, &count, &error));
    assert_int_equal(count, 2);
    expect_sql(fixture->pg,
               "SELECT string_agg(data_export_id::text, ' ' ORDER BY data_export_id)"
               " FROM exportd.export",
               "3 4 5 6 7");
    expect_sql(fixture->pg,
               "SELECT string_agg(data_export_id::text, ' ' ORDER BY data_export_id)"
               " FROM exportd.attempt",
               "3 4 5 6 7");
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
        TEST(test_pages),
        TEST(test_by_state),
        TEST(test_by_type),
        TEST(test_members),
        TEST(test_list_of_a_restored_database),
        TEST(test_user_and_organization_gone),
        TEST(test_unknown_id),
        TEST(test_list_by_owner),
        TEST(test_delete_old),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
