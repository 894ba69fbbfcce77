/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ten times a second a round does what is due: a beat three times per lease, a look for lost jobs
 * every second. Workers are taken for dead only after this one has beaten for a whole lease without
 * a break: before that, their beats may look old because of the server, not because of them.
 */
#include "worker/threads/heartbeat.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/metric.h"
#include "storage/upload_lock.h"
#include "worker/outage.h"

enum {
    TICK_MS = 100,
    AWAY_WAIT_MS = 1000,
    LOST_INTERVAL_MS = 1000, /* between two looks for lost jobs */
    ON_ITS_WAY_MS = 30000,   /* a claim may take this long to its thread */
    CLOCK_JUMP_MS = 5000,
};

struct rounds {
    const struct heartbeat *heartbeat;
    struct worker_context *context;
    struct pg *pg;
    struct lease_holder holder;
    int64_t lease_ms;
    int64_t next_beat_ms, next_lost_ms; /* monotonic */
    int64_t beating_since_ms;           /* without a break (monotonic); 0: not at the moment */
    struct lease_beat last;             /* the last beat */
    int64_t last_ms;                    /* when that was (monotonic) */
    struct outage postgres_outage;
};

/* ---- beats ---- */

/* Whether it is the server of the last beat, and its clock has gone on without a jump. Otherwise
   the beats of all workers may look too old. */
static bool is_continuous(const struct rounds *rounds, const struct lease_beat *beat, int64_t now)
{
    int64_t drift_ms = (beat->at - rounds->last.at) / 1000 - (now - rounds->last_ms);
    return beat->started_at == rounds->last.started_at && drift_ms < CLOCK_JUMP_MS &&
           drift_ms > -CLOCK_JUMP_MS;
}

/* The first beat, or one after a silence. Meanwhile the others may have forgotten this worker, and
   may take the upload locks elsewhere. So their place is checked in the same transaction. */
static bool register_worker(struct rounds *rounds, struct lease_beat *beat, struct error *error)
{
    const struct config *config = rounds->context->config;
    struct pg *pg = rounds->pg;
    if (pg_begin(pg, error) &&
        upload_lock_kind_claim(pg, config_has_lock_redis(config), config->lease_seconds, error) &&
        lease_beat(pg, &rounds->holder, beat, error) && pg_commit(pg, error))
        return true;
    pg_rollback(pg);
    return false;
}

static bool beat_once(struct rounds *rounds, struct error *error)
{
    struct lease_beat beat;
    int64_t asked_ms = clock_monotonic_ms();
    bool silent = rounds->beating_since_ms == 0 || asked_ms - rounds->last_ms >= rounds->lease_ms;
    if (silent ? !register_worker(rounds, &beat, error)
               : !lease_beat(rounds->pg, &rounds->holder, &beat, error))
        return false;
    int64_t now = clock_monotonic_ms();
    if (silent || !is_continuous(rounds, &beat, now) || now - asked_ms > rounds->lease_ms / 3)
        rounds->beating_since_ms = now;
    rounds->last = beat;
    rounds->last_ms = now;
    if (atomic_exchange(&rounds->context->beaten_ms, now) == 0)
        LOG(LOG_INFO, "worker.registered", log_text("worker", rounds->context->name));
    return true;
}

/* ---- what depends on beats ---- */

bool heartbeat_return_unheld(struct pg *pg, struct pool *pool, const char *instance,
                             int64_t on_its_way_ms, struct error *error)
{
    struct held_runs held;
    int64_t count = 0;
    pool_list_held(pool, &held);
    if (!lease_return_unheld(pg, instance, &held, on_its_way_ms, &count, error))
        return false;
    if (count > 0)
        LOG(LOG_WARNING, "queue.returned-unheld", log_int("count", count));
    return true;
}

static bool return_unheld(const struct rounds *rounds, int64_t on_its_way_ms, struct error *error)
{
    return heartbeat_return_unheld(rounds->pg, rounds->heartbeat->pool, rounds->holder.instance,
                                   on_its_way_ms, error);
}

/* Gives back the jobs of silent workers. */
static bool rescue_jobs(struct rounds *rounds, struct error *error)
{
    json_t *rescued = NULL;
    if (clock_monotonic_ms() - rounds->beating_since_ms < rounds->lease_ms)
        return true;
    if (!FAULT("before_rescue", error) || !lease_judge(rounds->pg, &rescued, error))
        return false;
    for (size_t i = 0; i < json_array_size(rescued); i++) {
        const json_t *worker = json_array_get(rescued, i);
        LOG(LOG_WARNING, "worker.rescued",
            log_text("worker", json_string_value(json_object_get(worker, "worker"))),
            log_int("jobs", json_integer_value(json_object_get(worker, "jobs"))));
        metric_add(METRIC_LEASES_LOST, 1, NULL, NULL);
    }
    if (json_array_size(rescued) > 0)
        pool_ring(rounds->heartbeat->pool);
    json_decref(rescued);
    return true;
}

static void interrupt_thread(void *context, int slot)
{
    const struct rounds *rounds = context;
    job_thread_interrupt(&rounds->heartbeat->threads[slot], false);
}

/* Ends the work on jobs that are not ours any more: again each second, until the thread releases
   the job. */
static bool end_lost(struct rounds *rounds, struct error *error)
{
    struct held_runs held;
    bool lost[LEASE_HELD_MAX];
    struct pool *pool = rounds->heartbeat->pool;
    pool_list_held(pool, &held);
    if (held.count == 0)
        return true;
    if (!lease_find_lost(rounds->pg, &held, lost, error))
        return false;
    for (size_t i = 0; i < held.count; i++)
        if (lost[i])
            pool_lose(pool, held.items[i].run, interrupt_thread, rounds);
    return true;
}

/* ---- the thread ---- */

/* If it is due, it is due next after `interval_ms`. */
static bool is_due(int64_t *next_ms, int64_t interval_ms)
{
    int64_t now = clock_monotonic_ms();
    if (now < *next_ms)
        return false;
    *next_ms = now + interval_ms;
    return true;
}

static bool make_round(struct rounds *rounds, struct error *error)
{
    if (!FAULT("heartbeat_round", error) || !pg_connect(rounds->pg, error))
        return false;
    if (is_due(&rounds->next_beat_ms, rounds->lease_ms / 3) &&
        (!beat_once(rounds, error) || !return_unheld(rounds, ON_ITS_WAY_MS, error) ||
         !rescue_jobs(rounds, error)))
        return false;
    return !is_due(&rounds->next_lost_ms, LOST_INTERVAL_MS) || end_lost(rounds, error);
}

/* Also while the worker waits for a server: it is well, and a restart would not help. */
static void report_to_systemd(const struct rounds *rounds)
{
    char status[96];
    struct worker_context *context = rounds->context;
    bool redis = atomic_load(&context->redis_missing) > 0;
    bool postgres = atomic_load(&context->postgres_missing) > 0;
    int jobs = pool_busy(rounds->heartbeat->pool);
    (void)snprintf(status, sizeof(status), "%s, %d job%s running%s%s%s",
                   worker_phase(context) == WORKER_RUNS ? "taking jobs" : "stopping", jobs,
                   jobs == 1 ? "" : "s", redis || postgres ? "; waiting for" : "",
                   redis ? " Redis" : "", postgres ? " PostgreSQL" : "");
    notify_alive(rounds->heartbeat->notify, status);
}

/* After a round that failed: the beats had a break. */
static void record_break(struct rounds *rounds, const struct error *error)
{
    outage_begin(&rounds->postgres_outage, error);
    rounds->beating_since_ms = 0;
    rounds->next_beat_ms = 0;
}

static void unregister_worker(struct rounds *rounds)
{
    struct error error;
    if (!pg_connect(rounds->pg, &error) || !return_unheld(rounds, 0, &error) ||
        !lease_end(rounds->pg, rounds->holder.instance, &error))
        log_error(LOG_WARNING, "worker.not-unregistered", &error);
}

static void beat_until_the_end(struct rounds *rounds)
{
    struct error error;
    while (worker_phase(rounds->context) != WORKER_ENDS) {
        bool done = make_round(rounds, &error);
        if (done)
            outage_end(&rounds->postgres_outage);
        else
            record_break(rounds, &error);
        watch_seen(rounds->heartbeat->watch);
        report_to_systemd(rounds);
        if (!done && worker_phase(rounds->context) == WORKER_ENDS) {
            log_error(LOG_WARNING, "worker.not-unregistered", &error);
            return; /* another try would only hold up the stop */
        }
        clock_sleep_ms(done ? TICK_MS : AWAY_WAIT_MS);
    }
    unregister_worker(rounds);
}

void *heartbeat_thread(void *argument)
{
    const struct heartbeat *heartbeat = argument;
    struct worker_context *context = heartbeat->context;
    struct rounds rounds = {
        .heartbeat = heartbeat,
        .context = context,
        .pg = heartbeat->pg,
        .holder = {.instance = context->name,
                   .name = context->host,
                   .queue = context->config->queue,
                   .version = heartbeat->version,
                   .threads = heartbeat->pool->threads,
                   .lease_ms = context->config->lease_seconds * 1000},
        .lease_ms = context->config->lease_seconds * 1000,
        .postgres_outage = {.server = "postgres", .missing = &context->postgres_missing},
    };
    beat_until_the_end(&rounds);
    watch_end(heartbeat->watch);
    return NULL;
}
