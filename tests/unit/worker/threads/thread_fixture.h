/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the claimer, the heartbeat and the mailer share: a worker's context and its pool,
   over a private PostgreSQL. */
#ifndef TEST_THREAD_FIXTURE_H
#define TEST_THREAD_FIXTURE_H

#include "worker/context.h"
#include "worker/threads/pool.h"

#include "../../job/queue_fixture.h"

enum { THREADS = 2, SOON_MS = 20000, A_WHILE_MS = 300 };

static char queue_name[] = QUEUE;
static char no_url[] = "";

struct worker {
    struct config config;
    struct worker_context context;
    struct pool pool;
    struct pg *pg;
    pthread_t thread;
};

static void open_worker(struct worker *worker, const struct fixture *fixture)
{
    *worker = (struct worker){.config = {.queue = queue_name,
                                         .lock_redis_url = no_url,
                                         .max_running = 1000,
                                         .lease_seconds = 1}};
    worker->context.config = &worker->config;
    atomic_store(&worker->context.max_running, worker->config.max_running);
    (void)snprintf(worker->context.name, sizeof(worker->context.name), "w1");
    (void)snprintf(worker->context.host, sizeof(worker->context.host), "host");
    worker->pg = pg_new(fixture->server.url, "worker");
    assert_non_null(worker->pg);
    pool_init(&worker->pool, THREADS);
}

/* Ends the thread by setting the phase, and frees the worker. */
static void close_worker(struct worker *worker, enum worker_phase phase)
{
    atomic_store(&worker->context.phase, phase);
    pool_stop(&worker->pool);
    assert_int_equal(pthread_join(worker->thread, NULL), 0);
    pg_free(worker->pg);
    pool_destroy(&worker->pool);
}

static inline void expect_state_of(const struct fixture *fixture, int64_t id, const char *state)
{
    char sql[128];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT state FROM exportd.export WHERE data_export_id = %" PRId64, id);
    expect_sql(fixture->pg, sql, state);
}

/* Waits until the query answers with a number other than 0. */
static void wait_for_sql(const struct fixture *fixture, const char *sql)
{
    struct error error;
    int64_t number = 0;
    int64_t deadline = clock_monotonic_ms() + SOON_MS;
    while (number == 0) {
        if (!pg_query_int(fixture->pg, sql, NULL, &number, &error))
            fail_msg("%s", error.message);
        if (clock_monotonic_ms() > deadline)
            fail_msg("never true: %s", sql);
        clock_sleep_ms(10);
    }
}

#endif
