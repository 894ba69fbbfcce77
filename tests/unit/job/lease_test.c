/* SPDX-License-Identifier: Apache-2.0 */
/* Beats, and what becomes of the jobs of silent workers. Over a private PostgreSQL. */
#include "job/lease.h"

#include "queue_fixture.h"

enum { LEASE_MS = 30000 };

#define JOBS                                                                                       \
    "SELECT string_agg(concat_ws(' ', data_export_id, x.state, coalesce(x.worker, '-'),"           \
    " crashes, failures, outcome), ', ' ORDER BY data_export_id) FROM exportd.export x"            \
    " JOIN exportd.attempt USING (data_export_id, attempt)"
#define WITHOUT_CAUSE                                                                              \
    "SELECT string_agg(data_export_id::text, ' ' ORDER BY data_export_id) FROM exportd.export"     \
    " WHERE cause IS NULL"
#define WORKERS                                                                                    \
    "SELECT coalesce(string_agg(instance, ' ' ORDER BY instance), 'none') FROM exportd.worker"

static void beat(struct fixture *fixture, const char *instance, struct lease_beat *beat)
{
    struct error error;
    const struct lease_holder holder = {.instance = instance,
                                        .name = "host",
                                        .queue = QUEUE,
                                        .version = "1.2",
                                        .threads = 4,
                                        .lease_ms = LEASE_MS};
    if (!lease_beat(fixture->pg, &holder, beat, &error))
        fail_msg("%s", error.message);
}

static void beat_once(struct fixture *fixture, const char *instance)
{
    struct lease_beat ignored;
    beat(fixture, instance, &ignored);
}

/* Sets the last beat of `instance` back by `ago`, an interval. */
static void set_beat(struct fixture *fixture, const char *instance, const char *ago)
{
    run_sql_with(fixture->pg,
                 "UPDATE exportd.worker SET beat_at = clock_timestamp() - interval '%s'"
                 " WHERE instance = '%s'",
                 ago, instance);
}

/* Judges, and compares the workers whose jobs were released: "w1 2, w2 1", or "". */
static void expect_judged(struct fixture *fixture, const char *expected)
{
    struct error error;
    json_t *rescued = NULL;
    char text[256] = "";
    size_t size = 0;
    if (!lease_judge(fixture->pg, &rescued, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < json_array_size(rescued); i++) {
        const json_t *worker = json_array_get(rescued, i);
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s %" JSON_INTEGER_FORMAT,
                                 i > 0 ? ", " : "",
                                 json_string_value(json_object_get(worker, "worker")),
                                 json_integer_value(json_object_get(worker, "jobs")));
    }
    json_decref(rescued);
    assert_string_equal(text, expected);
}

/* Claims `count` jobs of organization 0 for the worker. */
static void claim_for(struct fixture *fixture, const char *worker, int count, struct claims *claims)
{
    claim_as(fixture, worker, &(struct claim_order){.jobs = count}, claims);
    assert_int_equal(claims->count, count);
}

static void set_up_two_workers(struct fixture *fixture, struct claims *dead, struct claims *alive)
{
    beat_once(fixture, "dead");
    beat_once(fixture, "alive");
    put_many(fixture->pg, 1, 3, 0);
    claim_for(fixture, "dead", 2, dead);
    claim_for(fixture, "alive", 1, alive);
}

/* ---- beats ---- */

static void test_instances_differ(void **state)
{
    (void)state;
    char a[CLAIM_WORKER_MAX];
    char b[CLAIM_WORKER_MAX];
    lease_make_instance(a);
    lease_make_instance(b);
    assert_string_not_equal(a, b);
    const char *random = strrchr(a, ':');
    assert_non_null(random);
    assert_int_equal(strspn(random + 1, "0123456789abcdef"), 8);
    assert_int_equal(strlen(random + 1), 8);
}

static void test_beats(void **state)
{
    struct fixture *fixture = *state;
    struct lease_beat first;
    struct lease_beat second;
    beat(fixture, "w1", &first);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', instance, name, queue, version, threads,"
               " beat_at = started_at OR beat_at > started_at) FROM exportd.worker",
               "w1 host exports 1.2 4 t");
    run_sql(fixture->pg, "UPDATE exportd.worker SET started_at = '2026-01-01Z'");
    beat(fixture, "w1", &second);
    assert_true(second.at > first.at);
    assert_in_range(clock_wall_usec() - second.at, 0, 60 * USEC_PER_SECOND);
    assert_int_equal(second.started_at, first.started_at);
    assert_true(first.started_at < first.at);
    expect_sql(fixture->pg,
               "SELECT started_at = '2026-01-01Z' AND beat_at > now() - interval '1 minute'"
               " FROM exportd.worker",
               "t");
}

static void test_end(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    beat_once(fixture, "w1");
    beat_once(fixture, "w2");
    assert_true(lease_end(fixture->pg, "w1", &error));
    assert_true(lease_end(fixture->pg, "w1", &error));
    expect_sql(fixture->pg, WORKERS, "w2");
}

/* ---- silence ---- */

static void test_a_silent_worker(void **state)
{
    struct fixture *fixture = *state;
    struct claims dead;
    struct claims alive;
    set_up_two_workers(fixture, &dead, &alive);
    expect_judged(fixture, "");
    set_beat(fixture, "dead", "29 s");
    expect_judged(fixture, "");
    run_sql(fixture->pg, "UPDATE exportd.export SET cause = 'of the attempt before'");
    set_beat(fixture, "dead", "31 s");
    expect_judged(fixture, "dead 2");
    expect_sql(fixture->pg, JOBS,
               "1 waiting - 1 0 crashed, 2 waiting - 1 0 crashed, 3 running alive 0 0");
    expect_sql(fixture->pg, WITHOUT_CAUSE, "1 2");
    expect_sql(fixture->pg, WORKERS, "alive");
    expect_judged(fixture, "");
    claim_for(fixture, "alive", 2, &dead);
    assert_int_equal(dead.items[0].crashes, 1);
}

static void test_a_worker_that_is_not_registered(void **state)
{
    struct fixture *fixture = *state;
    struct claims dead;
    struct claims alive;
    struct error error;
    set_up_two_workers(fixture, &dead, &alive);
    assert_true(lease_end(fixture->pg, "dead", &error));
    expect_judged(fixture, "dead 2");
    expect_sql(fixture->pg, JOBS,
               "1 waiting - 1 0 crashed, 2 waiting - 1 0 crashed, 3 running alive 0 0");
}

/* The server's clock was set back: a beat in the future is an old one. */
static void test_a_beat_from_the_future(void **state)
{
    struct fixture *fixture = *state;
    struct claims dead;
    struct claims alive;
    set_up_two_workers(fixture, &dead, &alive);
    set_beat(fixture, "dead", "-29 s");
    expect_judged(fixture, "");
    set_beat(fixture, "dead", "-31 s");
    expect_judged(fixture, "dead 2");
    expect_sql(fixture->pg, WORKERS, "alive");
}

/* The open transaction of a stopped worker: no judgement waits for it or overwrites its outcome,
   and the worker's row stays as long as the worker has a job. */
static void test_what_is_locked_is_passed_by(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claims dead;
    struct claims alive;
    struct pg *stopped = connect_another(fixture);
    set_up_two_workers(fixture, &dead, &alive);
    set_beat(fixture, "dead", "1 hour");
    assert_true(pg_begin(stopped, &error));
    assert_true(claim_end(stopped, &dead.items[0], &valid_end, &error));
    run_sql(fixture->pg, "SET lock_timeout = '5 s'");
    expect_judged(fixture, "dead 1");
    expect_judged(fixture, "");
    run_sql(fixture->pg, "RESET lock_timeout");
    expect_sql(fixture->pg, WORKERS, "alive dead");
    assert_true(pg_commit(stopped, &error));
    pg_free(stopped);
    expect_judged(fixture, "");
    expect_sql(fixture->pg, JOBS,
               "1 valid - 0 0 valid, 2 waiting - 1 0 crashed, 3 running alive 0 0");
    expect_sql(fixture->pg, WORKERS, "alive");
}

/* The worker was only silent: its lost attempts are not counted, and its present jobs are left
   alone. */
static void test_a_worker_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct claims dead;
    struct claims alive;
    set_up_two_workers(fixture, &dead, &alive);
    run_sql(fixture->pg, "UPDATE exportd.export SET crashes = 4 WHERE data_export_id = 1");
    set_beat(fixture, "dead", "31 s");
    expect_judged(fixture, "dead 2");
    beat_once(fixture, "alive");
    expect_sql(fixture->pg,
               "SELECT string_agg(crashes::text, ' ' ORDER BY data_export_id)"
               " FROM exportd.export",
               "5 1 0");
    beat_once(fixture, "dead");
    expect_sql(fixture->pg, JOBS,
               "1 waiting - 4 0 silent, 2 waiting - 0 0 silent, 3 running alive 0 0");
    beat_once(fixture, "dead");
    expect_sql(fixture->pg,
               "SELECT string_agg(crashes::text, ' ' ORDER BY data_export_id)"
               " FROM exportd.export",
               "4 0 0");
    expect_sql(fixture->pg, WORKERS, "alive dead");
}

/* ---- jobs that no thread holds ---- */

static int64_t return_unheld(struct fixture *fixture, const struct held_runs *held, int64_t ms)
{
    struct error error;
    int64_t count = -1;
    if (!lease_return_unheld(fixture->pg, "w1", held, ms, &count, &error))
        fail_msg("%s", error.message);
    return count;
}

static void test_return_unheld(void **state)
{
    struct fixture *fixture = *state;
    struct claims mine;
    struct claims other;
    struct held_runs held = {.count = 1};
    put_many(fixture->pg, 1, 4, 0);
    claim_for(fixture, "w1", 3, &mine);
    claim_for(fixture, "w2", 1, &other);
    held.items[0] = mine.items[1];
    run_sql(fixture->pg, "UPDATE exportd.export SET cause = 'of the attempt before'");
    run_sql(fixture->pg, "UPDATE exportd.export SET started_at = now() - interval '31 s'"
                         " WHERE data_export_id <> 3");
    assert_int_equal(return_unheld(fixture, &held, 30000), 1);
    expect_sql(fixture->pg, WITHOUT_CAUSE, "1");
    expect_sql(fixture->pg, JOBS,
               "1 waiting - 0 0 lost, 2 running w1 0 0, 3 running w1 0 0, 4 running w2 0 0");
    held.count = 0; /* a worker that ends has no claims on their way */
    assert_int_equal(return_unheld(fixture, &held, 0), 2);
    assert_int_equal(return_unheld(fixture, &held, 0), 0);
    expect_sql(fixture->pg, JOBS,
               "1 waiting - 0 0 lost, 2 waiting - 0 0 lost, 3 waiting - 0 0 lost,"
               " 4 running w2 0 0");
}

/* The largest number of threads, with the longest names. */
static void test_many_are_held(void **state)
{
    struct fixture *fixture = *state;
    static struct held_runs held;
    struct claims claims;
    struct error error;
    bool lost[LEASE_HELD_MAX];
    put_many(fixture->pg, 1, 1, 0);
    claim_for(fixture, "w1", 1, &claims);
    held.count = LEASE_HELD_MAX;
    for (size_t i = 0; i < LEASE_HELD_MAX; i++) {
        held.items[i] = (struct claim){.data_export_id = INT64_MAX};
        memset(held.items[i].run, 'x', CLAIM_RUN_MAX - 1);
    }
    held.items[LEASE_HELD_MAX - 1] = claims.items[0];
    assert_int_equal(return_unheld(fixture, &held, 0), 0);
    assert_true(lease_find_lost(fixture->pg, &held, lost, &error));
    for (size_t i = 0; i < LEASE_HELD_MAX; i++)
        assert_int_equal(lost[i], i < LEASE_HELD_MAX - 1);
}

static void test_find_lost(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct claims claims;
    struct held_runs held = {.count = 4};
    bool lost[LEASE_HELD_MAX];
    put_many(fixture->pg, 1, 4, 0);
    claim_for(fixture, "w1", 4, &claims);
    for (size_t i = 0; i < held.count; i++)
        held.items[i] = claims.items[i];
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'cancelled' WHERE data_export_id = 1");
    run_sql(fixture->pg, "UPDATE exportd.export SET run = 'w2:1' WHERE data_export_id = 3");
    run_sql(fixture->pg, "DELETE FROM exportd.export WHERE data_export_id = 4");
    assert_true(lease_find_lost(fixture->pg, &held, lost, &error));
    assert_true(lost[0]);
    assert_false(lost[1]);
    assert_true(lost[2]);
    assert_true(lost[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_instances_differ),
        TEST(test_beats),
        TEST(test_end),
        TEST(test_a_silent_worker),
        TEST(test_a_worker_that_is_not_registered),
        TEST(test_a_beat_from_the_future),
        TEST(test_what_is_locked_is_passed_by),
        TEST(test_a_worker_comes_back),
        TEST(test_return_unheld),
        TEST(test_many_are_held),
        TEST(test_find_lost),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
