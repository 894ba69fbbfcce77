/* SPDX-License-Identifier: Apache-2.0 */
/* A claim, its fence and its end, over a private PostgreSQL. */
#include "job/claim.h"

#include "job/lease.h"

#include "queue_fixture.h"

/* Each function that asks for the fence fails. */
static void expect_lost(struct fixture *fixture, const struct claim *claim)
{
    const struct job_progress progress = {.rows = 99};
    struct error error;
    bool ended = true;
    assert_false(claim_progress(fixture->pg, claim, &progress, 0, &error));
    assert_int_equal(error.code, ERROR_LOST);
    assert_false(claim_is_big(fixture->pg, claim, 99, &error));
    assert_int_equal(error.code, ERROR_LOST);
    assert_false(end_claim(fixture->pg, claim, &valid_end, &error));
    assert_int_equal(error.code, ERROR_LOST);
    assert_false(claim_has_ended(fixture->pg, claim, &ended, &error));
    assert_int_equal(error.code, ERROR_LOST);
}

static void expect_ended(struct fixture *fixture, const struct claim *claim, bool expected)
{
    struct error error;
    bool ended = !expected;
    if (!claim_has_ended(fixture->pg, claim, &ended, &error))
        fail_msg("%s", error.message);
    assert_int_equal(ended, expected);
}

static void put_one(struct fixture *fixture)
{
    put_on(fixture->pg, &(struct test_job){.id = 27});
}

static void put_and_claim(struct fixture *fixture, struct claim *claim)
{
    put_one(fixture);
    claim_one(fixture, claim);
}

/* ---- a claim ---- */

static void test_what_a_claim_says(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    put_on(fixture->pg, &(struct test_job){.id = 27, .big = true});
    run_sql(fixture->pg,
            "UPDATE exportd.export SET \"limit\" = 5, environment_id = 9223372036854775807,"
            " rows_expected = 7, expires_at = '2100-01-01Z', date_added = '2026-01-02 03:04:05.6Z',"
            " failures = 2, crashes = 3, rows = 8, bytes = 8, pages = 8, next_try_at = now()");
    claim_one(fixture, &claim);
    assert_int_equal(claim.data_export_id, 27);
    assert_int_equal(claim.attempt, 1);
    assert_true(claim.big);
    assert_int_equal(claim.failures, 2);
    assert_int_equal(claim.crashes, 3);
    assert_int_equal(claim.age_seconds, 0);
    assert_int_equal(claim.limit, 5);
    assert_int_equal(claim.environment_id, INT64_MAX);
    assert_int_equal(claim.rows_expected, 7);
    assert_false(claim.expired);
    assert_int_equal(claim.delays, 0);
    assert_int_equal(claim.date_added, INT64_C(1767323045600000));
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, x.attempt, x.worker, x.run = a.run, rows, bytes,"
               " pages, next_try_at IS NULL, x.started_at = a.started_at,"
               " first_claimed_at IS NOT NULL, progress_at IS NOT NULL, a.ended_at IS NULL)"
               " FROM exportd.export x JOIN exportd.attempt a USING (data_export_id)",
               "running 1 w1 t 0 0 0 t t t t t");
}

static void test_what_a_claim_leaves_open(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    put_and_claim(fixture, &claim);
    assert_int_equal(claim.limit, 0);
    assert_int_equal(claim.environment_id, 0);
    assert_int_equal(claim.rows_expected, 0);
    assert_false(claim.expired);
    assert_false(claim.big);
}

static void test_nothing_to_claim(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    struct claim none;
    assert_false(claim_next(fixture, &none));
    put_and_claim(fixture, &claim);
    assert_false(claim_next(fixture, &none));
    end_well(fixture, &claim, &valid_end);
    assert_false(claim_next(fixture, &none));
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.attempt", "1");
}

/* Each claim has a new run, also if the worker is the same. */
static void test_runs_differ(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim first;
    struct claim second;
    const struct claim_end back = {.state = "waiting",
                                   .outcome = "given-back",
                                   .delay_ms = -1,
                                   .window_from = USEC_NONE,
                                   .window_to = USEC_NONE};
    put_and_claim(fixture, &first);
    end_well(fixture, &first, &back);
    claim_one(fixture, &second);
    assert_int_equal(second.attempt, 2);
    assert_string_not_equal(first.run, second.run);
    assert_false(end_claim(fixture->pg, &first, &valid_end, &error));
    assert_int_equal(error.code, ERROR_LOST);
    expect_ended(fixture, &first, true);
    expect_ended(fixture, &second, false);
}

/* ---- while the job runs ---- */

static void test_progress(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    const struct job_progress progress = {.rows = 2000, .bytes = 123456789012, .pages = 2};
    put_and_claim(fixture, &claim);
    assert_true(claim_progress(fixture->pg, &claim, &progress, 9000, &error));
    assert_true(claim_progress(fixture->pg, &claim, &progress, 0, &error));
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', rows, bytes, pages, rows_expected) FROM exportd.export",
               "2000 123456789012 2 9000");
}

/* A job that was found to be big waits in the lane of big ones when it is given back. */
static void test_found_big(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    const struct claim_end back = {.state = "waiting",
                                   .outcome = "given-back",
                                   .delay_ms = -1,
                                   .window_from = USEC_NONE,
                                   .window_to = USEC_NONE};
    struct claims claims;
    put_and_claim(fixture, &claim);
    assert_true(claim_is_big(fixture->pg, &claim, 1000000, &error));
    end_well(fixture, &claim, &back);
    claim_as(fixture, "w1", &(struct claim_order){.jobs = 1, .upkeep = true}, &claims);
    assert_int_equal(claims.count, 0);
    claim_one(fixture, &claim);
    assert_true(claim.big);
    assert_int_equal(claim.rows_expected, 1000000);
}

/* ---- the end of a claim ---- */

static void test_end_columns(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    const struct claim_end end = {
        .state = "valid",
        .outcome = "valid",
        .message = "all is well",
        .cause = "the last page was short",
        .delay_ms = -1,
        .progress = {.rows = 7, .bytes = 8, .pages = 9},
        .truncated = true,
        .window_from = INT64_C(1767323045600000),
        .window_to = INT64_C(1767409445600000),
    };
    put_and_claim(fixture, &claim);
    expect_ended(fixture, &claim, false);
    end_well(fixture, &claim, &end);
    expect_ended(fixture, &claim, true);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, rows, bytes, pages, truncated,"
               " window_from AT TIME ZONE 'UTC', window_to AT TIME ZONE 'UTC', worker IS NULL,"
               " finished_at >= started_at, next_try_at IS NULL, failures) FROM exportd.export",
               "valid 7 8 9 limit 2026-01-02 03:04:05.6 2026-01-03 03:04:05.6 t t t 0");
    expect_sql(fixture->pg,
               "SELECT concat_ws(', ', x.message, x.cause, a.outcome, a.message, a.cause,"
               " a.ended_at >= a.started_at) FROM exportd.export x"
               " JOIN exportd.attempt a USING (data_export_id)",
               "all is well, the last page was short, valid, all is well,"
               " the last page was short, t");
}

static void test_end_without_bounds(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    put_and_claim(fixture, &claim);
    end_well(fixture, &claim, &valid_end);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', truncated IS NULL, window_from IS NULL, window_to IS NULL,"
               " message IS NULL, cause IS NULL) FROM exportd.export",
               "t t t t t");
}

/* A delayed job is not claimed before it is due. Then a claim with upkeep promotes and claims it.
 */
static void test_delay(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    struct claims claims;
    const struct claim_order order = {.jobs = 1, .big = 1, .upkeep = true};
    const struct claim_end retry = {.state = "delayed",
                                    .outcome = "delayed",
                                    .failures_added = 1,
                                    .delay_ms = 60000,
                                    .window_from = USEC_NONE,
                                    .window_to = USEC_NONE};
    put_and_claim(fixture, &claim);
    end_well(fixture, &claim, &retry);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, failures, finished_at IS NULL, next_try_at BETWEEN"
               " now() + interval '50 s' AND now() + interval '60 s') FROM exportd.export",
               "delayed 1 t t");
    claim_as(fixture, "w1", &order, &claims);
    assert_int_equal(claims.count + claims.promoted, 0);
    run_sql(fixture->pg, "UPDATE exportd.export SET next_try_at = now(),"
                         " first_claimed_at = first_claimed_at - interval '3601 s'");
    claim_as(fixture, "w1", &order, &claims);
    assert_int_equal(claims.count, 1);
    assert_int_equal(claims.promoted, 1);
    assert_int_equal(claims.items[0].attempt, 2);
    assert_int_equal(claims.items[0].failures, 1);
    assert_in_range(claims.items[0].age_seconds, 3601, 3660);
}

/* More jobs are due, of several organizations, than one statement promotes: all are claimed. */
static void test_many_are_due(void **state)
{
    struct fixture *fixture = *state;
    struct claims claims;
    put_many(fixture->pg, 1, 150, 1);
    put_many(fixture->pg, 151, 250, 2);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'delayed', next_try_at = now()");
    run_sql(fixture->pg, "UPDATE exportd.export SET queue = 'other' WHERE data_export_id = 1");
    run_sql(fixture->pg, "UPDATE exportd.export SET next_try_at = now() + interval '1 hour'"
                         " WHERE data_export_id = 2");
    for (int i = 0; i < 3; i++)
        claim_as(fixture, "w1", &(struct claim_order){.jobs = 1, .upkeep = true}, &claims);
    expect_sql(fixture->pg,
               "SELECT string_agg(data_export_id::text, ' ' ORDER BY data_export_id)"
               " FROM exportd.export WHERE state = 'delayed'",
               "1 2");
}

static void test_note(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    struct pg_batch batch;
    put_and_claim(fixture, &claim);
    pg_batch_init(&batch, fixture->pg);
    assert_true(claim_end_add(&batch, &claim, &valid_end, &error));
    assert_true(claim_note_add(&batch, &claim, "no address", &error));
    assert_true(pg_batch_run(&batch, &error));
    assert_true(claim_end_passed(&claim, batch.results[0], &error));
    pg_batch_free(&batch);
    expect_sql(fixture->pg, "SELECT concat_ws(' ', state, message) FROM exportd.export",
               "valid no address");
}

/* ---- the fence ---- */

static void test_fence_after_its_own_end(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    put_and_claim(fixture, &claim);
    end_well(fixture, &claim, &valid_end);
    assert_false(end_claim(fixture->pg, &claim, &valid_end, &error));
    assert_int_equal(error.code, ERROR_LOST);
    expect_ended(fixture, &claim, true);
}

static void test_fence_after_cancel(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    put_and_claim(fixture, &claim);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'cancelled', finished_at = now()");
    run_sql(fixture->pg, "UPDATE exportd.attempt SET outcome = 'cancelled', ended_at = now()");
    expect_lost(fixture, &claim);
    expect_sql(fixture->pg, "SELECT concat_ws(' ', state, rows, big) FROM exportd.export",
               "cancelled 0 f");
}

static void test_fence_after_judge(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    struct claim next;
    json_t *rescued = NULL;
    put_and_claim(fixture, &claim);
    assert_true(lease_judge(fixture->pg, &rescued, &error)); /* w1 is not registered */
    assert_int_equal(json_array_size(rescued), 1);
    json_decref(rescued);
    expect_lost(fixture, &claim);
    claim_one(fixture, &next);
    assert_int_equal(next.attempt, 2);
    assert_int_equal(next.crashes, 1);
    assert_int_equal(next.failures, 0);
    expect_lost(fixture, &claim);
    end_well(fixture, &next, &valid_end);
    expect_lost(fixture, &claim);
}

/* The server has crashed and forgotten the first claim: the second one gets its attempt number. */
static void test_fence_after_a_forgotten_claim(void **state)
{
    struct fixture *fixture = *state;
    struct claim forgotten;
    struct claim claim;
    put_and_claim(fixture, &forgotten);
    run_sql(fixture->pg, "TRUNCATE exportd.export, exportd.attempt, exportd.flow");
    put_one(fixture);
    expect_lost(fixture, &forgotten);
    claim_one(fixture, &claim);
    assert_int_equal(claim.attempt, forgotten.attempt);
    expect_lost(fixture, &forgotten);
    end_well(fixture, &claim, &valid_end);
    expect_lost(fixture, &forgotten);
    expect_ended(fixture, &claim, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_a_claim_says),
        TEST(test_what_a_claim_leaves_open),
        TEST(test_nothing_to_claim),
        TEST(test_runs_differ),
        TEST(test_progress),
        TEST(test_found_big),
        TEST(test_end_columns),
        TEST(test_end_without_bounds),
        TEST(test_delay),
        TEST(test_many_are_due),
        TEST(test_note),
        TEST(test_fence_after_its_own_end),
        TEST(test_fence_after_cancel),
        TEST(test_fence_after_judge),
        TEST(test_fence_after_a_forgotten_claim),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
