/* SPDX-License-Identifier: Apache-2.0 */
/* The order of claims: sql/claim.sql and the trigger that gives a job its place (migration 0008).
   Over a private PostgreSQL. */
#include "job/claim.h"

#include "job/enqueue.h"
#include "job/queue.h"

#include <pthread.h>
#include <stdatomic.h>

#include "queue_fixture.h"

#define RUNNING_IDS                                                                                \
    "SELECT coalesce(string_agg(data_export_id::text, ' ' ORDER BY data_export_id), 'none')"       \
    " FROM exportd.export WHERE state = 'running'"
#define ORGANIZATIONS                                                                              \
    "SELECT count(DISTINCT organization_id) FROM exportd.export WHERE state = 'running'"

/* Claims one job at a time until there are none left. */
static void expect_order(struct fixture *fixture, const char *expected)
{
    struct claim claim;
    char ids[256] = "";
    size_t size = 0;
    while (claim_next(fixture, &claim))
        size += (size_t)snprintf(ids + size, sizeof(ids) - size, "%s%" PRId64, size > 0 ? " " : "",
                                 claim.data_export_id);
    assert_string_equal(ids, expected);
}

static void claim_many(struct fixture *fixture, int count)
{
    struct claim claim;
    for (int i = 0; i < count; i++)
        claim_one(fixture, &claim);
}

static int64_t number(struct fixture *fixture, const char *sql)
{
    struct error error;
    int64_t value = -1;
    assert_true(pg_query_int(fixture->pg, sql, NULL, &value, &error));
    return value;
}

static int64_t count_running(struct fixture *fixture, int64_t organization)
{
    char sql[128];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM exportd.export WHERE state = 'running'"
                   " AND organization_id = %" PRId64,
                   organization);
    return number(fixture, sql);
}

/* ---- within an organization ---- */

static void test_priority_then_age(void **state)
{
    struct fixture *fixture = *state;
    put_on(fixture->pg, &(struct test_job){.id = 1, .user = 1, .priority = 5});
    put_on(fixture->pg, &(struct test_job){.id = 3, .user = 2, .priority = 5});
    put_on(fixture->pg, &(struct test_job){.id = 2, .user = 3, .priority = 5});
    put_on(fixture->pg, &(struct test_job){.id = 4, .user = 1, .priority = -1});
    put_on(fixture->pg, &(struct test_job){.id = 5, .user = 1});
    expect_order(fixture, "4 5 1 2 3");
}

static void test_users_in_turn(void **state)
{
    struct fixture *fixture = *state;
    static const struct test_job jobs[] = {
        {.id = 1, .user = 1}, {.id = 2, .user = 1}, {.id = 3, .user = 1},
        {.id = 4, .user = 2}, {.id = 5, .user = 3}, {.id = 6, .user = 3},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(jobs); i++)
        put_on(fixture->pg, &jobs[i]);
    expect_order(fixture, "1 4 5 2 6 3");
}

/* A user without waiting jobs saves up no turns. */
static void test_a_user_who_comes_later(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t id = 1; id <= 4; id++)
        put_on(fixture->pg, &(struct test_job){.id = id, .user = 1});
    claim_many(fixture, 2);
    for (int64_t id = 5; id <= 7; id++)
        put_on(fixture->pg, &(struct test_job){.id = id, .user = 2});
    expect_order(fixture, "5 3 6 4 7");
}

/* ---- among organizations ---- */

static void test_organizations_in_turn(void **state)
{
    struct fixture *fixture = *state;
    put_many(fixture->pg, 1, 40, 1);
    put_many(fixture->pg, 41, 44, 2);
    put_many(fixture->pg, 45, 46, 3);
    claim_many(fixture, 3);
    expect_sql(fixture->pg, ORGANIZATIONS, "3");
    claim_many(fixture, 3);
    assert_int_equal(count_running(fixture, 1), 2);
    assert_int_equal(count_running(fixture, 3), 2);
    claim_many(fixture, 4);
    assert_int_equal(count_running(fixture, 1), 4);
    assert_int_equal(count_running(fixture, 2), 4);
}

/* A priority has no effect on other organizations. */
static void test_priority_is_no_turn(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t id = 1; id <= 10; id++)
        put_on(fixture->pg, &(struct test_job){.id = id, .organization = 1, .priority = -9});
    put_many(fixture->pg, 11, 20, 2);
    claim_many(fixture, 10);
    assert_int_equal(count_running(fixture, 1), 5);
}

static void test_weights(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture->pg,
            "INSERT INTO exportd.organization (organization_id, weight) VALUES (1, 3)");
    put_many(fixture->pg, 1, 60, 1);
    put_many(fixture->pg, 61, 120, 2);
    claim_many(fixture, 40);
    assert_in_range(count_running(fixture, 1), 29, 31);
}

/* A new organization, or one that returns, begins at the pass of the others. */
static void test_no_pause_is_made_up_for(void **state)
{
    struct fixture *fixture = *state;
    put_many(fixture->pg, 1, 2, 2);
    put_many(fixture->pg, 3, 40, 1);
    claim_many(fixture, 20); /* organization 2 has no jobs for 16 turns */
    put_many(fixture->pg, 41, 60, 2);
    put_many(fixture->pg, 61, 80, 3);
    claim_many(fixture, 15);
    assert_in_range(count_running(fixture, 1) - 18, 4, 6);
    assert_in_range(count_running(fixture, 2) - 2, 4, 6);
    assert_in_range(count_running(fixture, 3), 4, 6);
}

static void test_other_queues(void **state)
{
    struct fixture *fixture = *state;
    put_many(fixture->pg, 1, 2, 1);
    run_sql(fixture->pg, "UPDATE exportd.export SET queue = 'other' WHERE data_export_id = 1");
    expect_order(fixture, "2");
}

/* Many organizations without jobs do not hide one that has jobs. */
static void test_empty_flows_hide_nothing(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture->pg, "INSERT INTO exportd.flow (queue, organization_id, big, pass)"
                         " SELECT '" QUEUE "', n, n % 2 = 0, 0 FROM generate_series(100, 199) n");
    put_many(fixture->pg, 1, 1, 1);
    run_sql(fixture->pg, "UPDATE exportd.flow SET pass = 5 WHERE organization_id = 1");
    expect_order(fixture, "1");
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.flow", "0");
}

/* ---- lanes, caps, pause ---- */

static void test_lanes(void **state)
{
    struct fixture *fixture = *state;
    struct claims claims;
    for (int64_t id = 1; id <= 3; id++)
        put_on(fixture->pg, &(struct test_job){.id = id, .organization = id, .big = true});
    put_many(fixture->pg, 4, 5, 4);
    claim_as(fixture, "w1", &(struct claim_order){.jobs = 4, .big = 1}, &claims);
    assert_int_equal(claims.count, 3);
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.export WHERE state = 'running' AND big",
               "1");
    for (int i = 0; i < claims.count; i++)
        assert_int_equal(claims.items[i].big, claims.items[i].data_export_id <= 3);
    claim_as(fixture, "w1", &(struct claim_order){.jobs = 4, .big = 0}, &claims);
    assert_int_equal(claims.count, 0);
    claim_as(fixture, "w1", &(struct claim_order){.jobs = 4, .big = 4}, &claims);
    assert_int_equal(claims.count, 2);
}

/* An organization's small and big exports share its turns. */
static void test_two_lanes_are_one_turn(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t id = 1; id <= 20; id++)
        put_on(fixture->pg, &(struct test_job){.id = id, .organization = 1, .big = id % 2 == 0});
    put_many(fixture->pg, 21, 40, 2);
    claim_many(fixture, 10);
    assert_in_range(count_running(fixture, 1), 4, 6);
}

static void test_caps(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claims claims;
    const struct claim_order order = {.jobs = 6, .big = 6, .upkeep = true};
    struct claimant claimant = {.worker = "w1", .queue = QUEUE, .max_running = 1};
    run_sql(fixture->pg, "INSERT INTO exportd.organization (organization_id, max_running)"
                         " VALUES (2, 2), (3, 0)");
    put_many(fixture->pg, 1, 5, 1);
    put_many(fixture->pg, 6, 10, 2);
    put_many(fixture->pg, 11, 15, 3);
    assert_true(claim_jobs(fixture->pg, &claimant, &order, &claims, &error));
    expect_sql(fixture->pg, RUNNING_IDS, "1 6 7");
    assert_true(claim_jobs(fixture->pg, &claimant, &order, &claims, &error));
    assert_int_equal(claims.count, 0);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'valid' WHERE data_export_id = 6");
    assert_true(claim_jobs(fixture->pg, &claimant, &order, &claims, &error));
    expect_sql(fixture->pg, RUNNING_IDS, "1 7 8");
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.flow",
               "3"); /* all have waiting jobs: no flow is deleted */
}

static void test_pause(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    put_many(fixture->pg, 1, 1, 1);
    assert_true(queue_pause(fixture->pg, "other", true, &error));
    assert_true(queue_pause(fixture->pg, QUEUE, true, &error));
    assert_false(claim_next(fixture, &claim));
    assert_true(queue_pause(fixture->pg, QUEUE, false, &error));
    assert_true(claim_next(fixture, &claim));
}

/* ---- plans ---- */

/* The rows that were read from the table and from its indexes. */
static int64_t rows_read(struct fixture *fixture)
{
    run_sql(fixture->pg, "SELECT pg_stat_force_next_flush()");
    return number(fixture, "SELECT (SELECT seq_tup_read FROM pg_stat_user_tables"
                           " WHERE relid = 'exportd.export'::regclass) +"
                           " (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes"
                           " WHERE relid = 'exportd.export'::regclass)");
}

/* The trigger's statements were planned while the table was tiny. They stay cheap when it grows. */
static void test_places_in_a_young_queue(void **state)
{
    struct fixture *fixture = *state;
    put_many(fixture->pg, 1, 12, 1);
    run_sql(fixture->pg, "ANALYZE exportd.export");
    put_many(fixture->pg, 1001, 3000, 1);
    int64_t before = rows_read(fixture);
    put_many(fixture->pg, 3001, 3020, 1);
    assert_in_range(rows_read(fixture) - before, 0, 1000);
}

/* Waiting jobs are read by the index of their order, and by no other. */
static void test_claims_without_statistics(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    for (int i = 0; i < 10; i++)
        assert_false(claim_next(fixture, &claim));
    put_many(fixture->pg, 1001, 3000, 1);
    int64_t before = rows_read(fixture);
    claim_many(fixture, 20);
    assert_in_range(rows_read(fixture) - before, 0, 1000);
}

/* ---- organizations at their cap, newcomers, debts ---- */

static void suspend(struct fixture *fixture, int64_t organization)
{
    run_sql_with(fixture->pg,
                 "INSERT INTO exportd.organization (organization_id, max_running)"
                 " VALUES (%" PRId64 ", 0)",
                 organization);
}

/* Organizations at their cap, and those without jobs, hide no other, however many there are. */
static void test_many_that_may_not_run_hide_no_other(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t organization = 1; organization <= 40; organization++) {
        put_many(fixture->pg, organization, organization, organization);
        suspend(fixture, organization);
    }
    for (int64_t organization = 101; organization <= 140; organization++)
        put_many(fixture->pg, organization, organization, organization);
    put_many(fixture->pg, 201, 210, 100);
    claim_many(fixture, 50);
    expect_order(fixture, "");
    assert_int_equal(count_running(fixture, 100), 10);
}

/* The pass of an organization at its cap stands still. Newcomers do not begin there, but at the
   pass of those that are served. */
static void test_one_that_may_not_run_gives_newcomers_nothing(void **state)
{
    struct fixture *fixture = *state;
    put_many(fixture->pg, 1, 1, 1);
    suspend(fixture, 1);
    put_many(fixture->pg, 100, 199, 2);
    claim_many(fixture, 50);
    put_many(fixture->pg, 200, 299, 3);
    claim_many(fixture, 20);
    assert_in_range(count_running(fixture, 3), 9, 11);
}

/* A newcomer in one lane begins at the pass of both lanes. */
static void test_the_other_lane_is_no_way_around(void **state)
{
    struct fixture *fixture = *state;
    put_many(fixture->pg, 100, 199, 2);
    put_many(fixture->pg, 200, 299, 3);
    claim_many(fixture, 60);
    for (int64_t id = 300; id < 340; id++)
        put_on(fixture->pg, &(struct test_job){.id = id, .organization = 3, .big = true});
    int64_t before = count_running(fixture, 2);
    claim_many(fixture, 20);
    assert_in_range(count_running(fixture, 2) - before, 9, 11);
}

/* An organization that puts in one job at a time keeps its debt. */
static void test_what_is_owed_is_not_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    int64_t served = 0;
    run_sql(fixture->pg,
            "INSERT INTO exportd.organization (organization_id, weight) VALUES (3, 0.1)");
    put_many(fixture->pg, 100, 199, 2);
    put_many(fixture->pg, 200, 200, 3);
    for (int i = 0; i < 40; i++) {
        claim_one(fixture, &claim);
        bool light = claim.data_export_id >= 200;
        served += light ? 1 : 0;
        if (light)
            put_many(fixture->pg, 201 + i, 201 + i, 3);
    }
    assert_in_range(served, 3, 5);
}

/* A job that is given back is again the next of its user. */
static void test_a_turn_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct claim claim;
    const struct claim_end back = {.state = "waiting",
                                   .outcome = "given-back",
                                   .delay_ms = -1,
                                   .window_from = USEC_NONE,
                                   .window_to = USEC_NONE};
    put_many(fixture->pg, 1, 3, 1);
    claim_one(fixture, &claim);
    end_well(fixture, &claim, &back);
    expect_order(fixture, "1 2 3");
}

/* ---- jobs that arrive at this moment ---- */

/* An open transaction has put a job into a flow: the flow is not deleted, and no claim waits. */
static void test_a_flow_in_use_is_not_deleted(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claim claim;
    struct pg *other = connect_another(fixture);
    struct claims claims;
    put_many(fixture->pg, 1, 1, 1);
    claim_as(fixture, "w1", &(struct claim_order){.jobs = 1}, &claims);
    assert_int_equal(claims.count, 1);
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.flow", "1");
    assert_true(pg_begin(other, &error));
    put_on(other, &(struct test_job){.id = 2, .organization = 1});
    run_sql(fixture->pg, "SET lock_timeout = '5 s'");
    assert_false(claim_next(fixture, &claim));
    run_sql(fixture->pg, "RESET lock_timeout");
    assert_true(pg_commit(other, &error));
    expect_order(fixture, "2");
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.flow", "0");
    pg_free(other);
}

/* Jobs of the flow are claimed meanwhile: a producer may be stopped before its commit. */
static void test_a_claim_beside_an_open_transaction(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct pg *other = connect_another(fixture);
    put_many(fixture->pg, 1, 3, 1);
    assert_true(pg_begin(other, &error));
    put_on(other, &(struct test_job){.id = 9, .organization = 1});
    run_sql(fixture->pg, "SET lock_timeout = '5 s'");
    expect_order(fixture, "1 2 3");
    run_sql(fixture->pg, "RESET lock_timeout");
    assert_true(pg_commit(other, &error));
    expect_order(fixture, "9");
    pg_free(other);
}

/* ---- many at once ---- */

enum { CLAIMANTS = 8, JOBS = 400, ORGANIZATIONS_AT_ONCE = 10 };

struct party {
    struct fixture *fixture;
    pthread_barrier_t *barrier;
    atomic_bool *failed; /* some thread has failed */
    int part;
    struct error error;
    bool done;
};

/* Claims and ends jobs until all are valid. */
static bool work(struct party *party, struct pg *pg, struct error *error)
{
    char worker[16];
    struct claims claims;
    const struct claim_order order = {.jobs = CLAIMS_MAX, .big = CLAIMS_MAX, .upkeep = true};
    struct claimant claimant = {.worker = worker, .queue = QUEUE, .max_running = 1000};
    int64_t left = 1;
    (void)snprintf(worker, sizeof(worker), "w%d", party->part);
    while (left > 0 && !atomic_load(party->failed)) {
        if (!claim_jobs(pg, &claimant, &order, &claims, error))
            return false;
        for (int i = 0; i < claims.count; i++)
            if (!pg_begin(pg, error) || !claim_end(pg, &claims.items[i], &valid_end, error) ||
                !pg_commit(pg, error))
                return false;
        if (!pg_query_int(pg, "SELECT 400 - count(*) FROM exportd.export WHERE state = 'valid'",
                          NULL, &left, error))
            return false;
    }
    return true;
}

/* Puts in this thread's share of the jobs, some of them delayed until now. */
static bool put_in(struct party *party, struct pg *pg, struct error *error)
{
    enum { AT_ONCE = 20 };
    struct enqueue_job jobs[AT_ONCE];
    const struct enqueue enqueue = {
        .queue = QUEUE, .source = "cli", .jobs = jobs, .count = AT_ONCE};
    for (int64_t first = party->part; first < JOBS; first += (int64_t)AT_ONCE * 2) {
        for (int i = 0; i < AT_ONCE; i++)
            jobs[i] =
                (struct enqueue_job){.data_export_id = first + (int64_t)2 * i + 1,
                                     .eta = i % 4 == 0 ? clock_wall_usec() + 20000 : USEC_NONE,
                                     .expires = USEC_NONE};
        if (!enqueue_jobs(pg, &enqueue, error))
            return false;
    }
    return true;
}

static void *take_part(void *argument)
{
    struct party *party = argument;
    struct pg *pg = pg_new(party->fixture->server.url, "party");
    bool connected = pg != NULL && pg_connect(pg, &party->error);
    (void)pthread_barrier_wait(party->barrier);
    party->done = connected && (party->part >= 2 || put_in(party, pg, &party->error)) &&
                  work(party, pg, &party->error);
    if (!party->done)
        atomic_store(party->failed, true);
    pg_free(pg);
    return NULL;
}

/* Claims of several organizations, two producers, and promotions at once: no job is claimed twice,
   and there is no deadlock. */
static void test_many_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct party parties[CLAIMANTS];
    pthread_t threads[CLAIMANTS];
    pthread_barrier_t barrier;
    atomic_bool failed = false;
    run_sql(fixture->pg,
            "SET session_replication_role = replica"); /* no foreign keys: needs no organizations */
    run_sql_with(fixture->pg,
                 "INSERT INTO sentry_exporteddata (id, date_added, query_type, query_info,"
                 " organization_id, user_id) SELECT n, now(), 0, '{}', n %% %d, %" PRId64
                 " FROM generate_series(1, %d) n",
                 ORGANIZATIONS_AT_ONCE, fixture->user_id, JOBS);
    run_sql(fixture->pg, "RESET session_replication_role");
    assert_int_equal(pthread_barrier_init(&barrier, NULL, CLAIMANTS), 0);
    for (int i = 0; i < CLAIMANTS; i++) {
        parties[i] =
            (struct party){.fixture = fixture, .barrier = &barrier, .failed = &failed, .part = i};
        assert_int_equal(pthread_create(&threads[i], NULL, take_part, &parties[i]), 0);
    }
    for (int i = 0; i < CLAIMANTS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < CLAIMANTS; i++)
        if (!parties[i].done)
            fail_msg("%s", parties[i].error.message);
    assert_int_equal(pthread_barrier_destroy(&barrier), 0);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', count(*), count(DISTINCT data_export_id), max(attempt),"
               " count(DISTINCT run)) FROM exportd.attempt WHERE outcome = 'valid'",
               "400 400 1 400");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_priority_then_age),
        TEST(test_users_in_turn),
        TEST(test_a_user_who_comes_later),
        TEST(test_organizations_in_turn),
        TEST(test_priority_is_no_turn),
        TEST(test_weights),
        TEST(test_no_pause_is_made_up_for),
        TEST(test_other_queues),
        TEST(test_empty_flows_hide_nothing),
        TEST(test_lanes),
        TEST(test_two_lanes_are_one_turn),
        TEST(test_caps),
        TEST(test_pause),
        TEST(test_places_in_a_young_queue),
        TEST(test_claims_without_statistics),
        TEST(test_many_that_may_not_run_hide_no_other),
        TEST(test_one_that_may_not_run_gives_newcomers_nothing),
        TEST(test_the_other_lane_is_no_way_around),
        TEST(test_what_is_owed_is_not_forgotten),
        TEST(test_a_turn_is_kept),
        TEST(test_a_flow_in_use_is_not_deleted),
        TEST(test_a_claim_beside_an_open_transaction),
        TEST(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
