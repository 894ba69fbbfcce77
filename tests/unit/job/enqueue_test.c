/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a request, for each state that the export may have. */
#include "job/enqueue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../export_fixture.h"

#define LONG_AGO "'2020-03-25 16:12:18.123456+00'"

static const char *const states[] = {"waiting", "running",   "delayed", "valid",
                                     "failed",  "cancelled", "gone"};

static int prepare_queue(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture->pg, "TRUNCATE exportd.flow");
    return prepare(state);
}

static void enqueue_all(struct fixture *fixture, struct enqueue_job *jobs, size_t count)
{
    struct error error;
    const struct enqueue enqueue = {
        .queue = "data_export", .source = "celery", .jobs = jobs, .count = count};
    if (!enqueue_jobs(fixture->pg, &enqueue, &error))
        fail_msg("%s", error.message);
}

static struct enqueue_job job_of(int64_t id)
{
    return (struct enqueue_job){.data_export_id = id, .eta = USEC_NONE, .expires = USEC_NONE};
}

static enum enqueue_result enqueue_one(struct fixture *fixture, struct enqueue_job job)
{
    enqueue_all(fixture, &job, 1);
    return job.result;
}

static void set_state(struct fixture *fixture, const char *state)
{
    char sql[512];
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE exportd.export SET state = '%s', attempt = 3, failures = 2, crashes = 1,"
                   " run = 'r', worker = 'w', message = 'm', cause = 'c', rows = 5, bytes = 6,"
                   " pages = 7, progress_at = now(), first_claimed_at = now(), started_at = now(),"
                   " finished_at = now(), next_try_at = now(), rows_expected = 8,"
                   " truncated = 'limit', window_from = now(), window_to = now(), retry_of = 9,"
                   " big = true",
                   state);
    run_sql(fixture->pg, sql);
}

/* ---- new jobs ---- */

static void a_new_job_waits(void **state)
{
    struct fixture *fixture = *state;
    struct enqueue_job job = job_of(27);
    insert_row_of(fixture, 27, LONG_AGO);
    job.limit = 100;
    job.environment_id = 4;
    job.priority = 3;
    job.retry_of = 26;
    assert_int_equal(enqueue_one(fixture, job), ENQUEUE_QUEUED);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, queue, source, priority, \"limit\", environment_id,"
               " query_type, query_info, attempt, failures, crashes, rows, big, turn,"
               " date_added AT TIME ZONE 'UTC', next_try_at, expires_at, run, retry_of)"
               " FROM exportd.export",
               "waiting data_export celery 3 100 4 0 {\"key\": \"color\"} 0 0 0 0 f 0"
               " 2020-03-25 16:12:18.123456 26");
    expect_sql(fixture->pg, "SELECT concat_ws(' ', queue, big, pass) FROM exportd.flow",
               "data_export f 0");
}

static void nothing_asked_for_is_all(void **state)
{
    struct fixture *fixture = *state;
    struct enqueue_job wrong = job_of(28);
    insert_row_of(fixture, 27, LONG_AGO);
    insert_row_of(fixture, 28, LONG_AGO);
    wrong.limit = ENQUEUE_WRONG;
    wrong.environment_id = ENQUEUE_WRONG;
    assert_int_equal(enqueue_one(fixture, job_of(27)), ENQUEUE_QUEUED);
    assert_int_equal(enqueue_one(fixture, wrong), ENQUEUE_QUEUED);
    expect_sql(fixture->pg,
               "SELECT string_agg(concat(data_export_id, ' ', \"limit\", ' ', environment_id),"
               " ',' ORDER BY data_export_id) FROM exportd.export",
               "27  ,28 -1 -1");
}

static void an_eta_delays(void **state)
{
    struct fixture *fixture = *state;
    struct enqueue_job later = job_of(27);
    struct enqueue_job now = job_of(28);
    insert_row_of(fixture, 27, LONG_AGO);
    insert_row_of(fixture, 28, LONG_AGO);
    later.eta = clock_wall_usec() + 3600 * USEC_PER_SECOND;
    later.expires = later.eta + USEC_PER_SECOND;
    now.eta = clock_wall_usec() - USEC_PER_SECOND;
    now.expires = now.eta + 1; /* checked only when the job is claimed */
    assert_int_equal(enqueue_one(fixture, later), ENQUEUE_QUEUED);
    assert_int_equal(enqueue_one(fixture, now), ENQUEUE_QUEUED);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, expires_at - next_try_at,"
               " next_try_at > now() + interval '59 minutes') FROM exportd.export"
               " WHERE data_export_id = 27",
               "delayed 00:00:01 t");
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, next_try_at, expires_at < now()) FROM exportd.export"
               " WHERE data_export_id = 28",
               "waiting t");
}

static void each_job_has_its_result(void **state)
{
    struct fixture *fixture = *state;
    struct enqueue_job jobs[] = {job_of(4), job_of(2), job_of(1), job_of(3), job_of(2), job_of(4)};
    jobs[1].limit = 10;
    jobs[4].limit = 20;
    insert_row_of(fixture, 1, LONG_AGO);
    insert_row_of(fixture, 2, LONG_AGO);
    insert_row_of(fixture, 3, LONG_AGO);
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET date_finished = now() WHERE id = 3");
    assert_int_equal(enqueue_one(fixture, job_of(1)), ENQUEUE_QUEUED);
    enqueue_all(fixture, jobs, ARRAY_LENGTH(jobs));
    static const enum enqueue_result expected[] = {ENQUEUE_NO_ROW, ENQUEUE_QUEUED,
                                                   ENQUEUE_KNOWN,  ENQUEUE_FINISHED,
                                                   ENQUEUE_KNOWN,  ENQUEUE_NO_ROW};
    for (size_t i = 0; i < ARRAY_LENGTH(jobs); i++)
        assert_int_equal(jobs[i].result, expected[i]);
    expect_sql(fixture->pg, "SELECT \"limit\" FROM exportd.export WHERE data_export_id = 2", "10");
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.export", "2");
    enqueue_all(fixture, NULL, 0);
}

static void a_users_jobs_take_turns(void **state)
{
    struct fixture *fixture = *state;
    struct enqueue_job jobs[3];
    for (int i = 0; i < 3; i++) {
        insert_row_of(fixture, i + 1, LONG_AGO);
        jobs[i] = job_of(3 - i);
    }
    enqueue_all(fixture, jobs, 3);
    expect_sql(fixture->pg,
               "SELECT string_agg(turn::text, ' ' ORDER BY data_export_id) FROM exportd.export",
               "0 1 2");
}

/* ---- known jobs ---- */

#define ROW                                                                                        \
    "SELECT md5(x::text || (SELECT string_agg(f::text, ' ') FROM exportd.flow f))"                 \
    " FROM exportd.export x"

static void a_known_job_stays_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    char before[64];
    struct pg_result *result = NULL;
    struct error error;
    insert_row_of(fixture, 27, LONG_AGO);
    assert_int_equal(enqueue_one(fixture, job_of(27)), ENQUEUE_QUEUED);
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        set_state(fixture, states[i]);
        assert_true(pg_query(fixture->pg, ROW, NULL, &result, &error));
        assert_true(text_copy(before, sizeof(before), pg_text(result, 0, 0)));
        pg_result_free(result);
        assert_int_equal(enqueue_one(fixture, job_of(27)), ENQUEUE_KNOWN);
        expect_sql(fixture->pg, ROW, before);
    }
    run_sql(fixture->pg, "DELETE FROM sentry_exporteddata");
    assert_int_equal(enqueue_one(fixture, job_of(27)), ENQUEUE_KNOWN);
    expect_sql(fixture->pg, ROW, before);
}

static void another_date_is_another_job(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    int64_t other_id = 0;
    assert_true(organization_create(fixture->pg, "other", &other_id, &error));
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        (void)prepare_queue(state);
        insert_row_of(fixture, 27, LONG_AGO);
        assert_int_equal(enqueue_one(fixture, job_of(27)), ENQUEUE_QUEUED);
        set_state(fixture, states[i]);
        run_sql(fixture->pg, "TRUNCATE exportd.flow");
        run_sql(fixture->pg, "UPDATE sentry_exporteddata SET date_added = now(), query_info = '{}',"
                             " organization_id = (SELECT id FROM sentry_organization"
                             " WHERE slug = 'other')");
        assert_int_equal(enqueue_one(fixture, job_of(27)), ENQUEUE_QUEUED);
        expect_sql(fixture->pg,
                   "SELECT concat_ws(' ', state, attempt, failures, crashes, run, worker, message,"
                   " cause, rows, bytes, pages, progress_at, first_claimed_at, started_at,"
                   " finished_at, next_try_at, rows_expected, truncated, window_from, window_to,"
                   " retry_of, big, query_info) FROM exportd.export",
                   "waiting 3 0 0 0 0 0 f {}");
        expect_sql(fixture->pg,
                   "SELECT count(*) FROM exportd.flow f JOIN exportd.export x"
                   " USING (queue, organization_id, big)",
                   "1");
    }
}

/* ---- data that PostgreSQL refuses ---- */

static bool is_refused(struct fixture *fixture)
{
    struct error error;
    struct enqueue_job job = job_of(27);
    const struct enqueue enqueue = {.queue = "q", .source = "cli", .jobs = &job, .count = 1};
    assert_false(enqueue_jobs(fixture->pg, &enqueue, &error));
    return enqueue_is_refused(fixture->pg, &error);
}

static void only_data_is_refused(void **state)
{
    struct fixture *fixture = *state;
    insert_row_of(fixture, 27, LONG_AGO);
    run_sql(fixture->pg,
            "ALTER TABLE exportd.export ADD CONSTRAINT never CHECK (data_export_id <> 27)");
    assert_true(is_refused(fixture));
    run_sql(fixture->pg, "ALTER TABLE exportd.export DROP CONSTRAINT never");
    run_sql(fixture->pg, "ALTER TABLE exportd.export RENAME TO elsewhere");
    assert_false(is_refused(fixture));
    run_sql(fixture->pg, "ALTER TABLE exportd.elsewhere RENAME TO export");
    assert_int_equal(enqueue_one(fixture, job_of(27)), ENQUEUE_QUEUED);
}

#define TEST(function) cmocka_unit_test_setup(function, prepare_queue)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_job_waits),
        TEST(nothing_asked_for_is_all),
        TEST(an_eta_delays),
        TEST(each_job_has_its_result),
        TEST(a_users_jobs_take_turns),
        TEST(a_known_job_stays_as_it_is),
        TEST(another_date_is_another_job),
        TEST(only_data_is_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
