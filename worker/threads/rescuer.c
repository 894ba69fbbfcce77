/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/threads/rescuer.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"
#include "job/claim.h"
#include "worker/outage.h"
#include "worker/threads/sweep.h"

enum { TICK_MS = 100, AWAY_WAIT_MS = 1000, RESCUE_INTERVAL_MS = 5000, SWEEP_INTERVAL_MS = 15000 };

struct rounds {
    const struct rescuer *rescuer;
    struct worker_context *context;
    struct redis *redis;
    struct pg *pg;
    int64_t lease_ms;
    int64_t next_rescue_ms, next_sweep_ms; /* monotonic */
    struct outage redis_outage, postgres_outage;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- silent workers ---- */

/* Postgres first, then the messages: a message that arrives before its row is waiting again would
   be taken for a duplicate. *go_on is false when Postgres is away: the next round tries again. */
static bool rescue_worker(struct rounds *rounds, const char *worker, bool *go_on,
                          struct error *error)
{
    int64_t jobs = 0;
    int64_t busy = 0;
    int64_t messages = 0;
    watch_seen(rounds->rescuer->watch);
    *go_on = pg_connect(rounds->pg, error) && claim_rescue(rounds->pg, worker, &jobs, &busy, error);
    if (!*go_on) {
        outage_begin(&rounds->postgres_outage, error);
        return true; /* Redis is fine */
    }
    outage_end(&rounds->postgres_outage);
    if (busy > 0) {
        LOG(LOG_WARNING, "worker.rescue-waits", log_text("worker", worker), log_int("busy", busy));
        return true;
    }
    if (!FAULT("before_rescue_messages", error) ||
        !queue_rescue(rounds->context->queue, rounds->redis, worker, rounds->lease_ms, &messages,
                      error))
        return false;
    if (messages >= 0)
        LOG(LOG_WARNING, "worker.rescued", log_text("worker", worker), log_int("jobs", jobs),
            log_int("messages", messages));
    return true;
}

static bool rescue_workers(struct rounds *rounds, const json_t *workers, struct error *error)
{
    bool done = true;
    bool go_on = true;
    for (size_t i = 0; done && go_on && i < json_array_size(workers); i++) {
        const char *worker = json_string_value(json_array_get(workers, i));
        /* we are alive, even if Redis has forgotten us */
        if (!text_equal(worker, rounds->context->name))
            done = rescue_worker(rounds, worker, &go_on, error);
    }
    return done;
}

/* A Redis that was frozen for a moment may answer us before it has read the others' beats: an
   answer that took long is none. */
static bool rescue(struct rounds *rounds, struct error *error)
{
    json_t *workers = NULL;
    int64_t asked_ms = clock_monotonic_ms();
    if (!queue_silent_workers(rounds->context->queue, rounds->redis, rounds->lease_ms, &workers,
                              error))
        return false;
    bool prompt = clock_monotonic_ms() - asked_ms < rounds->lease_ms / 3;
    bool done = !prompt || rescue_workers(rounds, workers, error);
    json_decref(workers);
    return done;
}

/* ---- lost messages ---- */

/* Which of the two servers an error came from is not to be seen from it. */
static bool sweep_round(struct rounds *rounds, struct error *error)
{
    struct error look;
    if (!pg_connect(rounds->pg, error)) {
        outage_begin(&rounds->postgres_outage, error);
        return true; /* Redis is fine */
    }
    outage_end(&rounds->postgres_outage);
    if (sweep(rounds->context, rounds->rescuer->watch, rounds->pg, rounds->redis, error))
        return true;
    log_error(LOG_WARNING, "queue.not-swept", error);
    return redis_connect(rounds->redis, &look);
}

/* ---- the thread ---- */

static bool due(int64_t *next_ms, int64_t interval_ms)
{
    int64_t now = clock_monotonic_ms();
    if (now < *next_ms)
        return false;
    *next_ms = now + interval_ms;
    return true;
}

/* Only who has heard from Redis without a break for a lease may judge who is silent. */
static bool round_of(struct rounds *rounds, struct error *error)
{
    int64_t sweep_ms = rounds->context->config->sweep_seconds * 1000;
    if (!redis_connect(rounds->redis, error))
        return false;
    if (redis_connected_ms(rounds->redis) < rounds->lease_ms)
        return true;
    if (due(&rounds->next_rescue_ms, least(rounds->lease_ms / 2, RESCUE_INTERVAL_MS)) &&
        !rescue(rounds, error))
        return false;
    return !due(&rounds->next_sweep_ms, least(sweep_ms / 4, SWEEP_INTERVAL_MS)) ||
           sweep_round(rounds, error);
}

static void run(struct rounds *rounds)
{
    struct error error;
    while (worker_phase(rounds->context) != WORKER_ENDS) {
        watch_seen(rounds->rescuer->watch);
        bool done = round_of(rounds, &error);
        if (done)
            outage_end(&rounds->redis_outage);
        else
            outage_begin(&rounds->redis_outage, &error);
        clock_sleep_ms(done ? TICK_MS : AWAY_WAIT_MS);
    }
}

void *rescuer_thread(void *argument)
{
    const struct rescuer *rescuer = argument;
    struct worker_context *context = rescuer->context;
    struct rounds rounds = {
        .rescuer = rescuer,
        .context = context,
        .redis = rescuer->redis,
        .pg = rescuer->pg,
        .lease_ms = context->config->lease_seconds * 1000,
        .redis_outage = {.server = "redis", .missing = &context->redis_missing},
        .postgres_outage = {.server = "postgres", .missing = &context->postgres_missing},
    };
    run(&rounds);
    watch_end(rescuer->watch);
    return NULL;
}
