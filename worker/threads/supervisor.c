/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/threads/supervisor.h"

#include "base/clock.h"
#include "base/fault.h"
#include "worker/outage.h"

enum { TICK_MS = 100, AWAY_WAIT_MS = 1000, PROMOTE_INTERVAL_MS = 500 };

struct rounds {
    const struct supervisor *supervisor;
    struct worker_context *context;
    struct redis *redis;
    int64_t lease_ms;
    int64_t next_beat_ms, next_promote_ms; /* monotonic */
    struct outage redis_outage;
};

static bool due(int64_t *next_ms, int64_t interval_ms)
{
    int64_t now = clock_monotonic_ms();
    if (now < *next_ms)
        return false;
    *next_ms = now + interval_ms;
    return true;
}

static bool beat(struct rounds *rounds, struct error *error)
{
    if (!queue_beat(rounds->context->queue, rounds->redis, error))
        return false;
    if (!atomic_exchange(&rounds->context->registered, true))
        LOG(LOG_INFO, "worker.registered", log_text("worker", rounds->context->name));
    return true;
}

static bool promote(struct rounds *rounds, struct error *error)
{
    int64_t count = 0;
    if (!queue_promote(rounds->context->queue, rounds->redis, &count, error))
        return false;
    if (count > 0)
        LOG(LOG_INFO, "queue.promoted", log_int("count", count));
    return true;
}

static bool round_of(struct rounds *rounds, struct error *error)
{
    if (!FAULT("supervisor_round", error) || !redis_connect(rounds->redis, error))
        return false;
    if (due(&rounds->next_beat_ms, rounds->lease_ms / 3) && !beat(rounds, error))
        return false;
    return !due(&rounds->next_promote_ms, PROMOTE_INTERVAL_MS) || promote(rounds, error);
}

/* A worker that waits for a server is well, too: a restart would not bring the server back. */
static void tell_systemd(const struct rounds *rounds)
{
    char status[96];
    struct worker_context *context = rounds->context;
    bool redis = atomic_load(&context->redis_missing) > 0;
    bool postgres = atomic_load(&context->postgres_missing) > 0;
    int jobs = pool_busy(rounds->supervisor->pool);
    (void)snprintf(status, sizeof(status), "%s, %d job%s running%s%s%s",
                   worker_phase(context) == WORKER_RUNS ? "taking jobs" : "stopping", jobs,
                   jobs == 1 ? "" : "s", redis || postgres ? "; waiting for" : "",
                   redis ? " Redis" : "", postgres ? " PostgreSQL" : "");
    notify_alive(rounds->supervisor->notify, status);
}

static void run(struct rounds *rounds)
{
    struct error error;
    while (worker_phase(rounds->context) != WORKER_ENDS) {
        bool done = round_of(rounds, &error);
        if (done) {
            outage_end(&rounds->redis_outage);
        } else {
            outage_begin(&rounds->redis_outage, &error);
            rounds->next_beat_ms = 0;
        }
        watch_seen(rounds->supervisor->watch);
        tell_systemd(rounds);
        clock_sleep_ms(done ? TICK_MS : AWAY_WAIT_MS);
    }
    if (!redis_connect(rounds->redis, &error) ||
        !queue_unregister(rounds->context->queue, rounds->redis, &error))
        log_error(LOG_WARNING, "worker.not-unregistered", &error);
}

void *supervisor_thread(void *argument)
{
    const struct supervisor *supervisor = argument;
    struct worker_context *context = supervisor->context;
    struct rounds rounds = {
        .supervisor = supervisor,
        .context = context,
        .redis = supervisor->redis,
        .lease_ms = context->config->lease_seconds * 1000,
        .redis_outage = {.server = "redis", .missing = &context->redis_missing},
    };
    run(&rounds);
    watch_end(supervisor->watch);
    return NULL;
}
