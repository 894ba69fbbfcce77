/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/threads/intake.h"

#include "base/clock.h"
#include "job/dead.h"
#include "worker/outage.h"

enum { IDLE_WAIT_MS = 250, AWAY_WAIT_MS = 1000, RETRY_MS = 1000, RETRY_IDLE_MS = 10000 };

struct intake_lists *intake_lists_of(const struct config *config)
{
    const struct intake_naming naming = {.queue = config->queue,
                                         .key_prefix = config->redis_key_prefix,
                                         .separator = config->priority_sep,
                                         .steps = config->priority_steps.numbers,
                                         .step_count = config->priority_steps.count};
    return intake_lists_new(&naming);
}

struct rounds {
    struct intake_thread *thread;
    int64_t lease_due_ms, retry_due_ms; /* monotonic */
    int64_t brought_ms;                 /* when the last messages came (monotonic) */
    bool ours;                          /* this worker has the intake's lease */
    struct outage postgres_outage, redis_outage;
};

static bool renew_lease(struct rounds *rounds, struct error *error)
{
    struct intake_thread *thread = rounds->thread;
    int64_t seconds = thread->context->config->lease_seconds;
    int64_t now = clock_monotonic_ms();
    if (now < rounds->lease_due_ms)
        return true;
    if (!intake_lease(&thread->intake, seconds, &rounds->ours, error))
        return false;
    rounds->lease_due_ms = now + seconds * 1000 / 3;
    return true;
}

/* Messages that came before their export's row wait in PostgreSQL, and are tried again: often while
   there are new ones, else seldom. */
static bool retry_pending(struct rounds *rounds, int64_t *enqueued, struct error *error)
{
    struct intake *intake = &rounds->thread->intake;
    int64_t now = clock_monotonic_ms();
    if (now < rounds->retry_due_ms)
        return true;
    bool busy = now - rounds->brought_ms < 2 * RETRY_IDLE_MS; /* there may be new ones */
    rounds->retry_due_ms = now + (busy ? RETRY_MS : RETRY_IDLE_MS);
    return dead_retry_pending(intake->pg, intake->queue, enqueued, error);
}

/* Does what needs only PostgreSQL. */
static bool keep_up(struct rounds *rounds, struct error *error)
{
    int64_t enqueued = 0;
    if (!pg_connect(rounds->thread->intake.pg, error) || !renew_lease(rounds, error) ||
        (rounds->ours && !retry_pending(rounds, &enqueued, error)))
        return false;
    if (enqueued > 0)
        pool_ring(rounds->thread->pool);
    return true;
}

/* Brings the next messages into the queue. *count: how many. On failure redis_failed of the intake
   says which server is away. */
static bool bring_messages(struct rounds *rounds, int64_t *count, struct error *error)
{
    struct intake *intake = &rounds->thread->intake;
    intake->redis_failed = true;
    if (!redis_connect(intake->redis, error) || !intake_round(intake, count, error))
        return false;
    outage_end(&rounds->redis_outage);
    if (*count == 0)
        return true;
    rounds->brought_ms = clock_monotonic_ms();
    if (rounds->retry_due_ms > rounds->brought_ms + RETRY_MS)
        rounds->retry_due_ms = rounds->brought_ms + RETRY_MS;
    pool_ring(rounds->thread->pool);
    return true;
}

/* Asks Redis four times a second, and again at once while messages come. */
static void bring_until_stopped(struct rounds *rounds)
{
    struct intake_thread *thread = rounds->thread;
    struct error error;
    while (worker_phase(thread->context) == WORKER_RUNS) {
        int64_t count = 0;
        watch_seen(thread->watch);
        bool kept_up = keep_up(rounds, &error);
        bool done = kept_up && (!rounds->ours || bring_messages(rounds, &count, &error));
        bool redis_failed = kept_up && !done && thread->intake.redis_failed;
        if (done || redis_failed)
            outage_end(&rounds->postgres_outage);
        if (!done)
            outage_begin(redis_failed ? &rounds->redis_outage : &rounds->postgres_outage, &error);
        if (count == 0)
            clock_sleep_ms(done ? IDLE_WAIT_MS : AWAY_WAIT_MS);
    }
}

/* So the next intake need not wait for the end of the lease. */
static void release_lease(struct rounds *rounds)
{
    struct intake *intake = &rounds->thread->intake;
    struct error error;
    if (rounds->ours && (!pg_connect(intake->pg, &error) || !intake_release(intake, &error)))
        log_error(LOG_WARNING, "intake.not-released", &error);
}

void *intake_thread(void *argument)
{
    struct intake_thread *thread = argument;
    struct rounds rounds = {
        .thread = thread,
        .postgres_outage = {.server = "postgres", .missing = &thread->context->postgres_missing},
        .redis_outage = {.server = "redis", .missing = &thread->context->redis_missing},
    };
    bring_until_stopped(&rounds);
    release_lease(&rounds);
    watch_end(thread->watch);
    return NULL;
}
