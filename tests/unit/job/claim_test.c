/* SPDX-License-Identifier: Apache-2.0 */
/* Claim, fence and rescue against a real PostgreSQL of the test's own. */
#include "job/claim.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../export_fixture.h"

/* ---- helpers ---- */

static void insert_row(struct fixture *fixture, int64_t id)
{
    insert_row_of(fixture, id, "now()");
}

static struct job_message message_for(int64_t id)
{
    return (struct job_message){.data_export_id = id, .eta = USEC_NONE, .expires = USEC_NONE};
}

static enum claim_result claim_again(struct fixture *fixture, int64_t id, const char *worker,
                                     bool again, struct claim *claim)
{
    struct error error;
    struct job_message message = message_for(id);
    enum claim_result result = CLAIM_NO_ROW;
    const struct claimant claimant = {.worker = worker, .queue = "data_export", .again = again};
    if (!claim_job(&(struct claim_request){fixture->pg, fixture->arena, &message, &claimant},
                   &result, claim, &error))
        fail_msg("%s", error.message);
    return result;
}

static enum claim_result claim_as(struct fixture *fixture, int64_t id, const char *worker,
                                  struct claim *claim)
{
    return claim_again(fixture, id, worker, false, claim);
}

static bool end(struct fixture *fixture, const struct claim *held, const char *worker,
                const struct claim_end *how, struct error *error)
{
    struct claim claim = *held;
    claim.worker = worker;
    assert_true(pg_begin(fixture->pg, error));
    if (claim_end(fixture->pg, &claim, how, error) && pg_commit(fixture->pg, error))
        return true;
    pg_rollback(fixture->pg);
    return false;
}

static void expect_lost(struct fixture *fixture, const struct claim *claim, const char *worker)
{
    const struct claim_end how = {.state = "valid", .outcome = "valid", .delay_ms = -1};
    const struct job_progress progress = {.rows = 99};
    struct error error;
    assert_false(claim_progress(fixture->pg, claim, &progress, &error));
    assert_int_equal(error.code, ERROR_LOST);
    assert_false(end(fixture, claim, worker, &how, &error));
    assert_int_equal(error.code, ERROR_LOST);
}

#define STATE "SELECT state FROM exportd.export WHERE data_export_id = 27"

/* ---- claiming ---- */

static void test_first_claim(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    enum claim_result result = CLAIM_NO_ROW;
    struct job_message message = message_for(27);
    const struct claimant claimant = {.worker = "w1", .queue = "exports"};
    message.limit_kind = JOB_LIMIT_ROWS;
    message.limit = 5;
    message.environment_kind = JOB_ENVIRONMENT_ONE;
    message.environment_id = INT64_MAX;
    insert_row(fixture, 27);
    assert_true(claim_job(&(struct claim_request){fixture->pg, fixture->arena, &message, &claimant},
                          &result, &claim, &error));
    assert_int_equal(result, CLAIM_TAKEN);
    assert_int_equal(claim.attempt, 1);
    assert_int_equal(claim.failures, 0);
    assert_int_equal(claim.age_seconds, 0);
    assert_int_equal(claim.row.organization_id, fixture->organization_id);
    assert_string_equal(claim.row.query_info, "{\"key\": \"color\"}");
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', x.state, attempt, worker, \"limit\", environment_id,"
               " x.date_added = e.date_added, x.query_info = e.query_info, first_claimed_at <= "
               "now(), queue)"
               " FROM exportd.export x JOIN sentry_exporteddata e ON e.id = data_export_id",
               "running 1 w1 5 9223372036854775807 t t t exports");
    expect_sql(
        fixture->pg,
        "SELECT concat_ws(' ', data_export_id, attempt, worker, outcome) FROM exportd.attempt",
        "27 1 w1");
}

static void test_duplicate_finds_it_running(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    struct claim second;
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_TAKEN);
    assert_int_equal(claim_as(fixture, 27, "w2", &second), CLAIM_RUNNING);
    assert_int_equal(claim_as(fixture, 27, "w1", &second), CLAIM_RUNNING);
    assert_int_equal(claim_again(fixture, 27, "w2", true, &second), CLAIM_RUNNING);
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.attempt", "1");
}

/* A claim whose answer was lost is claimed anew by the same worker, and fences itself off. */
static void test_claim_again(void **state)
{
    struct fixture *fixture = *state;
    struct claim first;
    struct claim second;
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &first), CLAIM_TAKEN);
    assert_int_equal(claim_again(fixture, 27, "w1", true, &second), CLAIM_TAKEN);
    assert_int_equal(second.attempt, 2);
    assert_int_equal(second.failures, 0);
    expect_lost(fixture, &first, "w1");
    expect_sql(fixture->pg,
               "SELECT string_agg(concat_ws(' ', attempt, outcome, ended_at IS NULL), ', '"
               " ORDER BY attempt) FROM exportd.attempt",
               "1 lost f, 2 t");
}

struct racer {
    struct fixture *fixture;
    int64_t id;
    int number;
    pthread_barrier_t *barrier;
    enum claim_result result;
    bool done;
};

static void *race(void *argument)
{
    struct racer *racer = argument;
    struct error error;
    struct claim claim;
    struct job_message message = message_for(racer->id);
    char worker[16];
    const struct claimant claimant = {.worker = worker, .queue = "data_export"};
    (void)snprintf(worker, sizeof(worker), "w%d", racer->number);
    struct pg *pg = pg_new(racer->fixture->server.url, worker);
    struct arena *arena = arena_new(1 << 20);
    bool connected = pg != NULL && arena != NULL && pg_connect(pg, &error);
    (void)pthread_barrier_wait(racer->barrier);
    racer->done = connected && claim_job(&(struct claim_request){pg, arena, &message, &claimant},
                                         &racer->result, &claim, &error);
    arena_free(arena);
    pg_free(pg);
    return NULL;
}

/* Many claim at once, known jobs and unknown ones: one of them gets it. */
static void test_race(void **state)
{
    struct fixture *fixture = *state;
    enum { RACERS = 8, ROUNDS = 10 };
    for (int64_t id = 100; id < 100 + ROUNDS; id++) {
        struct racer racers[RACERS];
        pthread_t threads[RACERS];
        pthread_barrier_t barrier;
        int taken = 0;
        insert_row(fixture, id);
        if (id % 2 == 0)
            run_sql(fixture->pg,
                    "INSERT INTO exportd.export (data_export_id, date_added, organization_id,"
                    " query_type, query_info, state, attempt, failures, rows, bytes, pages)"
                    " SELECT id, date_added, organization_id, query_type, query_info,"
                    " 'waiting', 0, 0, 0, 0, 0 FROM sentry_exporteddata"
                    " ON CONFLICT DO NOTHING");
        assert_int_equal(pthread_barrier_init(&barrier, NULL, RACERS), 0);
        for (int i = 0; i < RACERS; i++) {
            racers[i] = (struct racer){fixture, id, i, &barrier, CLAIM_NO_ROW, false};
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        }
        for (int i = 0; i < RACERS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_true(racers[i].done);
            assert_true(racers[i].result == CLAIM_TAKEN || racers[i].result == CLAIM_RUNNING);
            taken += racers[i].result == CLAIM_TAKEN ? 1 : 0;
        }
        assert_int_equal(taken, 1);
        (void)pthread_barrier_destroy(&barrier);
    }
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.attempt", "10");
}

/* ---- jobs that are over ---- */

static void test_unknown_id(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_NO_ROW);
    assert_int_equal(claim_as(fixture, INT64_MAX, "w1", &claim), CLAIM_NO_ROW);
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.export", "0");
}

static void test_finished_by_another_program(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    const struct claim_end back = {.state = "waiting", .outcome = "given-back", .delay_ms = -1};
    struct error error;
    insert_row(fixture, 27);
    insert_row(fixture, 28);
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_TAKEN);
    assert_true(end(fixture, &claim, "w1", &back, &error));
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET date_finished = now(),"
                         " date_expired = now() + interval '1 hour'");
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_FINISHED);
    expect_sql(fixture->pg, STATE, "valid");
    assert_int_equal(claim_as(fixture, 28, "w1", &claim), CLAIM_FINISHED);
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.export", "1");
}

/* A failed export's row is deleted: its redelivered message must not look like garbage. */
static void test_redelivery_of_a_failed_export(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    const struct claim_end failed = {
        .state = "failed", .outcome = "failed", .message = "no such key", .delay_ms = -1};
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_TAKEN);
    assert_true(end(fixture, &claim, "w1", &failed, &error));
    run_sql(fixture->pg, "DELETE FROM sentry_exporteddata");
    assert_int_equal(claim_as(fixture, 27, "w2", &claim), CLAIM_FINISHED);
    expect_sql(
        fixture->pg,
        "SELECT concat_ws(' ', state, attempt, message, finished_at IS NOT NULL, worker IS NULL)"
        " FROM exportd.export",
        "failed 1 no such key t t");
}

static void test_deleted_row(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    const struct claim_end back = {.state = "waiting", .outcome = "given-back", .delay_ms = -1};
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_TAKEN);
    run_sql(fixture->pg, "DELETE FROM sentry_exporteddata");
    struct claim other;
    assert_int_equal(claim_as(fixture, 27, "w2", &other), CLAIM_RUNNING);
    expect_sql(fixture->pg, STATE, "running");
    assert_true(end(fixture, &claim, "w1", &back, &error));
    assert_int_equal(claim_as(fixture, 27, "w2", &other), CLAIM_FINISHED);
    expect_sql(fixture->pg, STATE, "gone");
}

/* The same id with another date is another job, whatever exportd remembers of the old one. */
static void test_restored_database(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim old;
    struct claim claim;
    const struct claim_end retry = {
        .state = "delayed", .outcome = "delayed", .failures_added = 1, .delay_ms = 1000};
    const struct claim_end valid = {.state = "valid", .outcome = "valid", .delay_ms = -1};
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &old), CLAIM_TAKEN);
    assert_true(end(fixture, &old, "w1", &retry, &error));
    assert_int_equal(claim_as(fixture, 27, "w1", &old), CLAIM_TAKEN);
    assert_int_equal(old.failures, 1);
    run_sql(fixture->pg, "UPDATE exportd.export SET first_claimed_at = now() - interval '1 day'");
    run_sql(fixture->pg,
            "UPDATE sentry_exporteddata SET date_added = date_added + interval '1 us'");
    assert_int_equal(claim_as(fixture, 27, "w2", &claim), CLAIM_TAKEN);
    assert_int_equal(claim.attempt, 3);
    assert_int_equal(claim.failures, 0);
    assert_int_equal(claim.age_seconds, 0);
    expect_lost(fixture, &old, "w1");
    assert_true(end(fixture, &claim, "w2", &valid, &error));
    assert_int_equal(claim_as(fixture, 27, "w2", &claim), CLAIM_FINISHED);
    run_sql(fixture->pg,
            "UPDATE sentry_exporteddata SET date_added = date_added + interval '1 us'");
    assert_int_equal(claim_as(fixture, 27, "w2", &claim), CLAIM_TAKEN);
    assert_int_equal(claim.attempt, 4);
}

/* ---- while it runs, and its end ---- */

static void test_progress(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    const struct job_progress progress = {.rows = 2000, .bytes = 123456789012, .pages = 2};
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_TAKEN);
    assert_true(claim_progress(fixture->pg, &claim, &progress, &error));
    expect_sql(fixture->pg, "SELECT concat_ws(' ', rows, bytes, pages) FROM exportd.export",
               "2000 123456789012 2");
}

static void test_delay_counts_and_age_grows(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    const struct claim_end retry = {.state = "delayed",
                                    .outcome = "delayed",
                                    .message = "away",
                                    .failures_added = 1,
                                    .delay_ms = 60000,
                                    .progress = {.rows = 7}};
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_TAKEN);
    assert_true(end(fixture, &claim, "w1", &retry, &error));
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, failures, message, rows, finished_at IS NULL,"
               " next_try_at BETWEEN now() + interval '55 s' AND now() + interval '60 s')"
               " FROM exportd.export",
               "delayed 1 away 7 t t");
    expect_sql(fixture->pg, "SELECT concat_ws(' ', outcome, message) FROM exportd.attempt",
               "delayed away");
    run_sql(fixture->pg, "UPDATE exportd.export SET first_claimed_at = now() - interval '3601 s'");
    assert_int_equal(claim_as(fixture, 27, "w2", &claim), CLAIM_TAKEN);
    assert_int_equal(claim.attempt, 2);
    assert_int_equal(claim.failures, 1);
    assert_in_range(claim.age_seconds, 3601, 3620);
    expect_sql(fixture->pg, "SELECT concat_ws(' ', rows, next_try_at IS NULL) FROM exportd.export",
               "0 t");
}

static void test_only_its_worker_ends_a_job(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    const struct claim_end valid = {.state = "valid", .outcome = "valid", .delay_ms = -1};
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_TAKEN);
    assert_false(end(fixture, &claim, "w2", &valid, &error));
    assert_int_equal(error.code, ERROR_LOST);
    expect_sql(fixture->pg, STATE, "running");
    assert_true(end(fixture, &claim, "w1", &valid, &error));
    expect_lost(fixture, &claim, "w1");
    expect_sql(fixture->pg, STATE, "valid");
}

static void test_note(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_TAKEN);
    struct pg_batch batch;
    pg_batch_init(&batch, fixture->pg);
    assert_true(claim_note_add(&batch, &claim, "not mailed", &error));
    assert_true(pg_batch_run(&batch, &error));
    pg_batch_free(&batch);
    expect_sql(fixture->pg, "SELECT message FROM exportd.export", "not mailed");
}

/* After a lost answer: an outcome of our own has ended the attempt, whatever came later. */
static void test_has_ended(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    struct claim next;
    bool ended = true;
    const struct claim_end back = {.state = "waiting", .outcome = "given-back", .delay_ms = -1};
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_TAKEN);
    assert_true(claim_has_ended(fixture->pg, &claim, &ended, &error));
    assert_false(ended);
    assert_true(end(fixture, &claim, "w1", &back, &error));
    assert_true(claim_has_ended(fixture->pg, &claim, &ended, &error));
    assert_true(ended);
    assert_int_equal(claim_as(fixture, 27, "w2", &next), CLAIM_TAKEN);
    assert_true(claim_has_ended(fixture->pg, &claim, &ended, &error));
    assert_true(ended);
}

/* A rescue leaves the job waiting with the same attempt: that is no outcome of ours. */
static void test_has_ended_by_a_rescue(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    bool ended = true;
    int64_t count = 0;
    int64_t busy = 0;
    insert_row(fixture, 27);
    assert_int_equal(claim_as(fixture, 27, "w1", &claim), CLAIM_TAKEN);
    assert_true(claim_rescue(fixture->pg, "w1", &count, &busy, &error));
    assert_int_equal(count, 1);
    assert_false(claim_has_ended(fixture->pg, &claim, &ended, &error));
    assert_int_equal(error.code, ERROR_LOST);
    assert_false(ended);
    run_sql(fixture->pg, "DELETE FROM exportd.attempt");
    assert_false(claim_has_ended(fixture->pg, &claim, &ended, &error));
    assert_int_equal(error.code, ERROR_LOST);
}

static void test_rescue(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim dead;
    struct claim alive;
    struct claim next;
    int64_t count = -1;
    int64_t busy = -1;
    insert_row(fixture, 27);
    insert_row(fixture, 28);
    assert_int_equal(claim_as(fixture, 27, "dead", &dead), CLAIM_TAKEN);
    assert_int_equal(claim_as(fixture, 28, "alive", &alive), CLAIM_TAKEN);
    assert_true(claim_rescue(fixture->pg, "dead", &count, &busy, &error));
    assert_int_equal(count, 1);
    assert_int_equal(busy, 0);
    assert_true(claim_rescue(fixture->pg, "dead", &count, &busy, &error));
    assert_int_equal(count, 0);
    assert_int_equal(busy, 0);
    expect_sql(
        fixture->pg,
        "SELECT string_agg(concat_ws(' ', data_export_id, x.state, failures, x.worker, outcome),"
        " ', ' ORDER BY data_export_id) FROM exportd.export x"
        " JOIN exportd.attempt USING (data_export_id, attempt)",
        "27 waiting 1 crashed, 28 running 0 alive");
    expect_lost(fixture, &dead, "dead");
    assert_int_equal(claim_as(fixture, 27, "alive", &next), CLAIM_TAKEN);
    assert_int_equal(next.attempt, 2);
    assert_int_equal(next.failures, 1);
}

/* A stopped worker's open transaction holds up nobody, and its outcome is not overwritten. */
static void test_rescue_passes_by_what_is_locked(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim held;
    struct claim claim;
    int64_t count = -1;
    int64_t busy = -1;
    const struct claim_end valid = {.state = "valid", .outcome = "valid", .delay_ms = -1};
    struct pg *stopped = pg_new(fixture->server.url, "stopped");
    insert_row(fixture, 27);
    insert_row(fixture, 28);
    assert_int_equal(claim_as(fixture, 27, "dead", &held), CLAIM_TAKEN);
    assert_int_equal(claim_as(fixture, 28, "dead", &claim), CLAIM_TAKEN);
    assert_non_null(stopped);
    assert_true(pg_connect(stopped, &error));
    assert_true(pg_begin(stopped, &error));
    assert_true(claim_end(stopped, &held, &valid, &error));
    assert_true(claim_rescue(fixture->pg, "dead", &count, &busy, &error));
    assert_int_equal(count, 1);
    assert_int_equal(busy, 1);
    assert_true(pg_commit(stopped, &error));
    pg_free(stopped);
    assert_true(claim_rescue(fixture->pg, "dead", &count, &busy, &error));
    assert_int_equal(count, 0);
    assert_int_equal(busy, 0);
    expect_sql(fixture->pg,
               "SELECT string_agg(concat_ws(' ', data_export_id, state, failures), ', '"
               " ORDER BY data_export_id) FROM exportd.export",
               "27 valid 0, 28 waiting 1");
}

#define TEST(function) cmocka_unit_test_setup(function, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_claim),
        TEST(test_duplicate_finds_it_running),
        TEST(test_claim_again),
        TEST(test_race),
        TEST(test_unknown_id),
        TEST(test_finished_by_another_program),
        TEST(test_redelivery_of_a_failed_export),
        TEST(test_deleted_row),
        TEST(test_restored_database),
        TEST(test_progress),
        TEST(test_delay_counts_and_age_grows),
        TEST(test_only_its_worker_ends_a_job),
        TEST(test_note),
        TEST(test_has_ended),
        TEST(test_has_ended_by_a_rescue),
        TEST(test_rescue),
        TEST(test_rescue_passes_by_what_is_locked),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
