/* SPDX-License-Identifier: Apache-2.0 */
/* The heartbeat as a thread over a private PostgreSQL: worker w1, with doubles of job threads. */
#include "worker/threads/heartbeat.h"

#include "tagstore/backend.h"

#include "thread_fixture.h"

enum { ON_ITS_WAY_MS = 30000 };

/* ---- job threads, of which only the tagstore is needed ---- */

static atomic_int interrupts[THREADS];

struct test_tagstore {
    struct tagstore base;
    int slot;
};

static void count_interrupt(struct tagstore *store)
{
    (void)atomic_fetch_add(&interrupts[((struct test_tagstore *)store)->slot], 1);
}

static const struct tagstore_operations operations = {.interrupt = count_interrupt};

struct side {
    struct worker worker;
    struct notify notify;
    struct heartbeat heartbeat;
    struct test_tagstore tagstores[THREADS];
    struct job_thread threads[THREADS];
};

static void open_side(struct side *side, const struct fixture *fixture)
{
    struct worker *worker = &side->worker;
    memset(side, 0, sizeof(*side));
    open_worker(worker, fixture);
    side->notify.fd = -1;
    for (int i = 0; i < THREADS; i++) {
        atomic_store(&interrupts[i], 0);
        side->tagstores[i] = (struct test_tagstore){.base = {.operations = &operations}, .slot = i};
        side->threads[i].tools.tagstore = &side->tagstores[i].base;
    }
    side->heartbeat =
        (struct heartbeat){.context = &worker->context,
                           .pool = &worker->pool,
                           .threads = side->threads,
                           .notify = &side->notify,
                           .watch = watchdog_add(&worker->context.watchdog, "heartbeat", 0),
                           .pg = worker->pg,
                           .version = "1.2.3"};
}

static void run_heartbeat(struct side *side)
{
    assert_int_equal(pthread_create(&side->worker.thread, NULL, heartbeat_thread, &side->heartbeat),
                     0);
}

/* Waits for the beat after the one at `last_ms` (0: none), and returns its time. */
static int64_t wait_for_beat(struct side *side, int64_t last_ms)
{
    int64_t deadline = clock_monotonic_ms() + SOON_MS;
    while (atomic_load(&side->worker.context.beaten_ms) <= last_ms &&
           clock_monotonic_ms() < deadline)
        clock_sleep_ms(10);
    int64_t beaten_ms = atomic_load(&side->worker.context.beaten_ms);
    assert_true(beaten_ms > last_ms);
    return beaten_ms;
}

/* Claims the next job as `worker` and, if `slot` is one, gives it to that thread. */
static struct claim claim_for(struct side *side, struct fixture *fixture, const char *worker,
                              int slot)
{
    struct claims claims;
    claim_as(fixture, worker, &(struct claim_order){.jobs = 1, .big = 1}, &claims);
    assert_int_equal(claims.count, 1);
    if (slot >= 0) {
        assert_null(pool_receive(&side->worker.pool, slot, 0));
        assert_true(pool_give(&side->worker.pool, &claims.items[0], 0));
        assert_non_null(pool_receive(&side->worker.pool, slot, 0));
    }
    return claims.items[0];
}

/* ---- the worker's row ---- */

static void test_from_the_first_beat_to_the_end(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    open_side(&side, fixture);
    run_heartbeat(&side);
    int64_t first_ms = wait_for_beat(&side, 0);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', instance, name, queue, version, threads, lease_ms)"
               " FROM exportd.worker",
               "w1 host exports 1.2.3 2 1000");
    (void)wait_for_beat(&side, first_ms);
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.worker WHERE beat_at > started_at", "1");
    close_worker(&side.worker, WORKER_ENDS);
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.worker", "0");
}

/* At the end of a worker, a claim that no thread has received goes back, however young it is. */
static void test_the_end_gives_jobs_back(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    put_many(fixture->pg, 1, 1, 7);
    open_side(&side, fixture);
    (void)claim_for(&side, fixture, "w1", -1);
    run_heartbeat(&side);
    (void)wait_for_beat(&side, 0);
    expect_state_of(fixture, 1, "running");
    close_worker(&side.worker, WORKER_ENDS);
    expect_state_of(fixture, 1, "waiting");
    expect_sql(fixture->pg, "SELECT crashes FROM exportd.export", "0");
}

static void test_a_broken_connection(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    open_side(&side, fixture);
    run_heartbeat(&side);
    (void)wait_for_beat(&side, 0);
    run_sql(fixture->pg, "DELETE FROM exportd.worker");
    run_sql(fixture->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         " WHERE application_name LIKE '%worker%'");
    wait_for_sql(fixture, "SELECT count(*) FROM exportd.worker WHERE instance = 'w1'");
    close_worker(&side.worker, WORKER_ENDS);
    assert_int_equal(atomic_load(&side.worker.context.postgres_missing), 0);
}

/* ---- jobs ---- */

/* Worker w2 has died with a job. Its job waits again, once w1 has beaten for a whole lease. */
static void test_the_jobs_of_a_silent_worker(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    put_many(fixture->pg, 1, 1, 7);
    open_side(&side, fixture);
    (void)claim_for(&side, fixture, "w2", -1);
    int64_t since = clock_monotonic_ms();
    run_heartbeat(&side);
    wait_for_sql(fixture, "SELECT count(*) FROM exportd.export WHERE state = 'waiting'");
    assert_in_range(clock_monotonic_ms() - since, side.worker.config.lease_seconds * 1000, SOON_MS);
    expect_sql(fixture->pg, "SELECT crashes FROM exportd.export", "1");
    assert_true(pool_wait(&side.worker.pool, SOON_MS));
    close_worker(&side.worker, WORKER_ENDS);
}

static void test_jobs_that_no_thread_holds(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    struct error error;
    put_many(fixture->pg, 1, 3, 7);
    open_side(&side, fixture);
    (void)claim_for(&side, fixture, "w1", 0);
    (void)claim_for(&side, fixture, "w1", -1);
    (void)claim_for(&side, fixture, "w2", -1);
    assert_true(
        heartbeat_return_unheld(fixture->pg, &side.worker.pool, "w1", ON_ITS_WAY_MS, &error));
    expect_state_of(fixture, 2, "running"); /* it may be on its way */
    assert_true(heartbeat_return_unheld(fixture->pg, &side.worker.pool, "w1", 0, &error));
    expect_state_of(fixture, 1, "running");
    expect_state_of(fixture, 2, "waiting");
    expect_state_of(fixture, 3, "running");
    pool_destroy(&side.worker.pool);
    pg_free(side.worker.pg);
}

/* A claim whose answer was lost, a while ago. */
static void test_jobs_that_no_thread_holds_go_back_at_a_beat(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    put_many(fixture->pg, 1, 2, 7);
    open_side(&side, fixture);
    (void)claim_for(&side, fixture, "w1", 0);
    (void)claim_for(&side, fixture, "w1", -1);
    run_sql(fixture->pg, "UPDATE exportd.export SET started_at = started_at - interval '1 minute'");
    run_heartbeat(&side);
    wait_for_sql(fixture, "SELECT count(*) FROM exportd.export"
                          " WHERE data_export_id = 2 AND state = 'waiting'");
    expect_state_of(fixture, 1, "running");
    close_worker(&side.worker, WORKER_ENDS);
}

/* Another worker has the job of thread 1: only this thread is interrupted, until it ends. */
static void test_a_lost_job(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    put_many(fixture->pg, 1, 2, 7);
    open_side(&side, fixture);
    (void)claim_for(&side, fixture, "w1", 0);
    struct claim lost = claim_for(&side, fixture, "w1", 1);
    run_heartbeat(&side);
    (void)wait_for_beat(&side, 0);
    assert_false(pool_is_lost(&side.worker.pool, 1));
    run_sql_with(fixture->pg,
                 "UPDATE exportd.export SET run = 'w2:1' WHERE data_export_id = %" PRId64,
                 lost.data_export_id);
    int64_t deadline = clock_monotonic_ms() + SOON_MS;
    while (atomic_load(&interrupts[1]) < 2 && clock_monotonic_ms() < deadline)
        clock_sleep_ms(10);
    assert_true(atomic_load(&interrupts[1]) >= 2);
    assert_true(pool_is_lost(&side.worker.pool, 1));
    assert_int_equal(atomic_load(&interrupts[0]), 0);
    assert_false(pool_is_lost(&side.worker.pool, 0));
    close_worker(&side.worker, WORKER_ENDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_from_the_first_beat_to_the_end),
        TEST(test_the_end_gives_jobs_back),
        TEST(test_a_broken_connection),
        TEST(test_the_jobs_of_a_silent_worker),
        TEST(test_jobs_that_no_thread_holds),
        TEST(test_jobs_that_no_thread_holds_go_back_at_a_beat),
        TEST(test_a_lost_job),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
