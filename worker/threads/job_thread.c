/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job thread: receives a ticket, makes an attempt at its job, and lets the message leave the
 * processing list of Redis, whatever became of the job.
 */
#include "worker/threads/job_thread.h"

#include "base/clock.h"
#include "base/fault.h"
#include "tagstore/choose.h"

enum {
    JOB_MEMORY = 64 << 20,
    QUESTIONS = 2, /* to the tagstore without a sign of life: for the key, for the first page */
    IDLE_CHECK_MS = 3000, /* an idle thread looks after its connections so often */
    AWAY_WAIT_MS = 1000,
    LONG_JOB_MS = 1000, /* after a job that took longer, memory goes back to the system */
};

/* ---- connections ---- */

bool job_thread_open(struct job_thread *thread, struct worker_context *context, struct pool *pool,
                     int slot, struct error *error)
{
    const struct config *config = context->config;
    struct attempt_tools *tools = &thread->tools;
    *thread = (struct job_thread){
        .tools = {.context = context,
                  .watch = watchdog_add(&context->watchdog, "job", 0),
                  .pg = pg_new(config->database_url, "exportd worker"),
                  .tag_pg = pg_new(config->database_url, "exportd tagstore"),
                  .locks = redis_new(config->lock_redis_url),
                  .arena = arena_new(JOB_MEMORY),
                  .outcome_arena = arena_new(JOB_MEMORY),
                  .postgres_outage = {.server = "postgres", .missing = &context->postgres_missing}},
        .pool = pool,
        .slot = slot,
        .redis = redis_new(config->redis_url),
        .redis_outage = {.server = "redis", .missing = &context->redis_missing}};
    if (tools->pg == NULL || tools->tag_pg == NULL || tools->locks == NULL ||
        tools->arena == NULL || tools->outcome_arena == NULL || thread->redis == NULL)
        return error_no_memory(error);
    pg_set_patience(tools->pg, worker_patience_ms(config));
    pg_set_patience(tools->tag_pg, worker_patience_ms(config));
    if (!tagstore_new(config, config->tagstore, tools->tag_pg, &tools->tagstore, error))
        return false;
    tools->watch->more_ms = QUESTIONS * tagstore_patience_ms(tools->tagstore);
    return blob_store_open(config->storage_url, &tools->store, error);
}

void job_thread_close(struct job_thread *thread)
{
    struct attempt_tools *tools = &thread->tools;
    tagstore_free(tools->tagstore);
    pg_free(tools->pg);
    pg_free(tools->tag_pg);
    redis_free(tools->locks);
    blob_store_free(tools->store);
    arena_free(tools->arena);
    arena_free(tools->outcome_arena);
    redis_free(thread->redis);
}

void job_thread_interrupt(struct job_thread *thread, bool all)
{
    tagstore_interrupt(thread->tools.tagstore);
    if (all)
        pg_interrupt(thread->tools.pg);
}

static bool wake(struct job_thread *thread, struct pg *pg)
{
    struct error error;
    watch_seen(thread->tools.watch);
    if (pg_wake(pg, &error))
        return true;
    outage_begin(&thread->tools.postgres_outage, &error);
    return false;
}

/* Makes the connections, also once more; false (and said once) when a server is away. A message is
   taken only for a thread that can work on it. */
static bool prepare(struct job_thread *thread)
{
    struct error error;
    if (!wake(thread, thread->tools.pg) || !wake(thread, thread->tools.tag_pg))
        return false;
    outage_end(&thread->tools.postgres_outage);
    watch_seen(thread->tools.watch);
    if (!redis_connect(thread->redis, &error)) {
        outage_begin(&thread->redis_outage, &error);
        return false;
    }
    outage_end(&thread->redis_outage);
    return true;
}

/* ---- leaving the processing list ---- */

static bool try_leave(struct job_thread *thread, const struct job_ticket *ticket,
                      const struct attempt *attempt, bool *left, struct error *error)
{
    struct queue *queue = thread->tools.context->queue;
    if (!redis_connect(thread->redis, error))
        return false;
    switch (attempt->end) {
    case MESSAGE_ACKNOWLEDGED:
        return queue_acknowledge(queue, thread->redis, ticket, left, error);
    case MESSAGE_GIVEN_BACK:
        return queue_give_back(queue, thread->redis, ticket, left, error);
    case MESSAGE_DELAYED:
        return queue_delay(queue, thread->redis, ticket, attempt->delay_ms, left, error);
    case MESSAGE_BURIED:
        return queue_bury(queue, thread->redis, ticket, attempt->reason, left, error);
    case MESSAGE_STAYS:
        break;
    }
    return error_set(error, ERROR_INTERNAL, "no such way to leave");
}

/* Tries until it is done: a message must not stay behind because Redis was away for a moment. Only
   a worker that ends leaves it to the next rescue. */
static void leave(struct job_thread *thread, const struct job_ticket *ticket,
                  const struct attempt *attempt)
{
    struct error error;
    bool left = false;
    if (attempt->end == MESSAGE_STAYS)
        return;
    while (!try_leave(thread, ticket, attempt, &left, &error)) {
        outage_begin(&thread->redis_outage, &error);
        pool_renounce(thread->pool, thread->slot);
        if (worker_phase(thread->tools.context) >= WORKER_GIVES_BACK) {
            log_error(LOG_WARNING, "queue.left-behind", &error);
            return;
        }
        watch_seen(thread->tools.watch);
        clock_sleep_ms(AWAY_WAIT_MS);
    }
    outage_end(&thread->redis_outage);
    if (!left)
        log_event(LOG_WARNING, "queue.rescued-meanwhile", NULL);
    if (!FAULT("after_leave", &error))
        log_error(LOG_ERROR, "fault", &error);
}

/* ---- one job ---- */

/* From the claim on the database counts what becomes of the job. How many workers died with its
   message before is forgotten: most of them died of another job. */
static void forget_crashes(struct job_thread *thread, const struct job_ticket *ticket)
{
    struct error error;
    if (ticket->crashes > 0 &&
        (!redis_connect(thread->redis, &error) ||
         !queue_claimed(thread->tools.context->queue, thread->redis, ticket, &error)))
        log_error(LOG_WARNING, "queue.crashes-not-forgotten", &error);
}

static void work(struct job_thread *thread, const struct job_ticket *ticket)
{
    struct attempt attempt;
    int64_t started_ms = 0;
    if (attempt_read(&attempt, &thread->tools, ticket) && attempt_claim(&attempt)) {
        started_ms = clock_monotonic_ms();
        forget_crashes(thread, ticket);
        attempt_run(&attempt);
    }
    if (attempt.mailed)
        bell_ring(&thread->tools.context->mail_bell);
    if (attempt.valid)
        pool_announce(thread->pool, thread->slot);
    leave(thread, ticket, &attempt);
    const struct job_progress *done = &attempt.assembly.progress;
    if (attempt.valid)
        LOG(LOG_INFO, "dataexport.end", log_int("rows", done->rows), log_int("bytes", done->bytes),
            log_int("duration_ms", clock_monotonic_ms() - started_ms));
    attempt_free(&attempt);
}

static void work_and_tidy(struct job_thread *thread, const struct job_ticket *ticket)
{
    int64_t started_ms = clock_monotonic_ms();
    watch_seen(thread->tools.watch);
    work(thread, ticket);
    arena_reset(thread->tools.arena);
    arena_reset(thread->tools.outcome_arena);
    if (clock_monotonic_ms() - started_ms >= LONG_JOB_MS)
        memory_tidy();
}

void *job_thread_run(void *argument)
{
    struct job_thread *thread = argument;
    while (worker_phase(thread->tools.context) == WORKER_RUNS) {
        if (!prepare(thread)) {
            pool_renounce(thread->pool, thread->slot);
            clock_sleep_ms(AWAY_WAIT_MS);
            continue;
        }
        const struct job_ticket *ticket = pool_receive(thread->pool, thread->slot, IDLE_CHECK_MS);
        if (ticket != NULL) {
            work_and_tidy(thread, ticket);
            pool_release(thread->pool, thread->slot);
        }
    }
    watch_end(thread->tools.watch);
    return NULL;
}
