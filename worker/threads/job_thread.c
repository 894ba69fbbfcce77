/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_stop.py and tests/system/test_worker.py. */
#include "worker/threads/job_thread.h"

#include "base/clock.h"
#include "tagstore/choose.h"

enum {
    JOB_MEMORY = 64 << 20,
    QUESTIONS = 2,  /* to the tagstore without a sign of life between: the key, the first page */
    IDLE_MS = 3000, /* between two signs of life of an idle thread */
    AWAY_WAIT_MS = 1000,
    LONG_JOB_MS = 1000, /* after a job that took longer, memory goes back to the system */
};

/* ---- connections ---- */

bool job_thread_open(struct job_thread *thread, struct worker_context *context, struct pool *pool,
                     int slot, struct error *error)
{
    const struct config *config = context->config;
    struct attempt_tools *tools = &thread->tools;
    *thread =
        (struct job_thread){.tools = {.context = context,
                                      .pool = pool,
                                      .slot = slot,
                                      .watch = watchdog_add(&context->watchdog, "job", 0),
                                      .pg = pg_new(config->database_url, "exportd worker"),
                                      .tag_pg = pg_new(config->database_url, "exportd tagstore"),
                                      .arena = arena_new(JOB_MEMORY),
                                      .outcome_arena = arena_new(JOB_MEMORY),
                                      .postgres_outage = {.server = "postgres",
                                                          .missing = &context->postgres_missing}}};
    if (tools->pg == NULL || tools->tag_pg == NULL || tools->arena == NULL ||
        tools->outcome_arena == NULL)
        return error_no_memory(error);
    if (!upload_locks_open(&tools->locks, config->lock_redis_url, tools->pg, error))
        return false;
    pg_set_patience(tools->pg, worker_patience_ms(config));
    pg_set_patience(tools->tag_pg, worker_patience_ms(config));
    if (!tagstore_new(config, config->tagstore, tools->tag_pg, &tools->tagstore, error))
        return false;
    tools->watch->more_ms = QUESTIONS * tagstore_patience_ms(tools->tagstore);
    return blob_store_open(config->storage_url, config->storage_mode, &tools->store, error);
}

void job_thread_close(struct job_thread *thread)
{
    struct attempt_tools *tools = &thread->tools;
    tagstore_free(tools->tagstore);
    pg_free(tools->pg);
    pg_free(tools->tag_pg);
    upload_locks_close(&tools->locks);
    blob_store_free(tools->store);
    arena_free(tools->arena);
    arena_free(tools->outcome_arena);
}

void job_thread_interrupt(struct job_thread *thread, bool all)
{
    tagstore_interrupt(thread->tools.tagstore);
    if (all)
        pg_interrupt(thread->tools.pg);
}

/* Opens the connection, or finds out whether it still works. */
static bool wake_connection(struct job_thread *thread, struct pg *pg)
{
    struct error error;
    watch_seen(thread->tools.watch);
    if (pg_wake(pg, &error))
        return true;
    outage_begin(&thread->tools.postgres_outage, &error);
    return false;
}

/* Opens the connections, or checks them. False (and one line in the log): the server is away. A
   thread receives a job only when it can work on it. */
static bool connect_servers(struct job_thread *thread)
{
    if (!wake_connection(thread, thread->tools.pg) ||
        !wake_connection(thread, thread->tools.tag_pg))
        return false;
    outage_end(&thread->tools.postgres_outage);
    return true;
}

/* ---- one job ---- */

static void make_attempt(struct job_thread *thread, const struct claim *claim)
{
    struct attempt attempt;
    int64_t started_ms = clock_monotonic_ms();
    tagstore_resume(thread->tools.tagstore);
    attempt_run(&attempt, &thread->tools, claim);
    if (attempt.mailed)
        bell_ring(&thread->tools.context->mail_bell);
    const struct job_progress *done = &attempt.assembly.progress;
    if (attempt.valid)
        LOG(LOG_INFO, "dataexport.end", log_int("rows", done->rows), log_int("bytes", done->bytes),
            log_int("duration_ms", clock_monotonic_ms() - started_ms));
    attempt_free(&attempt);
}

/* Afterwards the memory of the job is free again. */
static void work_and_tidy(struct job_thread *thread, const struct claim *claim)
{
    int64_t started_ms = clock_monotonic_ms();
    watch_seen(thread->tools.watch);
    (void)connect_servers(thread); /* if the server is away, the attempt finds that out, too */
    make_attempt(thread, claim);
    arena_reset(thread->tools.arena);
    arena_reset(thread->tools.outcome_arena);
    if (clock_monotonic_ms() - started_ms >= LONG_JOB_MS)
        memory_tidy();
}

void *job_thread_run(void *argument)
{
    struct job_thread *thread = argument;
    struct attempt_tools *tools = &thread->tools;
    bool connected = false;
    while (worker_phase(tools->context) == WORKER_RUNS) {
        connected = connected || connect_servers(thread);
        if (!connected) {
            clock_sleep_ms(AWAY_WAIT_MS);
            continue;
        }
        const struct claim *claim = pool_receive(tools->pool, tools->slot, IDLE_MS);
        watch_seen(tools->watch);
        if (claim != NULL) {
            work_and_tidy(thread, claim);
            pool_release(tools->pool, tools->slot);
            connected = false;
        }
    }
    pool_release(tools->pool, tools->slot);
    watch_end(tools->watch);
    return NULL;
}
