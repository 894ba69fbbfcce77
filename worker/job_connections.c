/* A job thread's connections. */
#include "tagstore/choose.h"
#include "worker/job_thread.h"

enum {
    JOB_MEMORY = 64 << 20,
    QUESTIONS = 2 /* to the tagstore without a sign of life: for the key, for the first page */
};

bool job_thread_open(struct job_thread *thread, struct worker_context *context, struct pool *pool,
                     int slot, struct error *error)
{
    const struct config *config = context->config;
    *thread = (struct job_thread){
        .context = context,
        .pool = pool,
        .slot = slot,
        .watch = watchdog_add(&context->watchdog, "job", 0),
        .pg = pg_new(config->database_url, "exportd worker"),
        .tag_pg = pg_new(config->database_url, "exportd tagstore"),
        .redis = redis_new(config->redis_url),
        .locks = redis_new(config->lock_redis_url),
        .arena = arena_new(JOB_MEMORY),
        .outcome_arena = arena_new(JOB_MEMORY),
        .postgres_outage = {.server = "postgres", .missing = &context->postgres_missing},
        .redis_outage = {.server = "redis", .missing = &context->redis_missing}};
    if (thread->pg == NULL || thread->tag_pg == NULL || thread->redis == NULL ||
        thread->locks == NULL || thread->arena == NULL || thread->outcome_arena == NULL)
        return error_no_memory(error);
    pg_set_patience(thread->pg, worker_patience_ms(config));
    pg_set_patience(thread->tag_pg, worker_patience_ms(config));
    if (!tagstore_new(config, config->tagstore, thread->tag_pg, &thread->tagstore, error))
        return false;
    thread->watch->more_ms = QUESTIONS * tagstore_patience_ms(thread->tagstore);
    return blob_store_open(config->storage_url, &thread->store, error);
}

void job_thread_close(struct job_thread *thread)
{
    tagstore_free(thread->tagstore);
    pg_free(thread->pg);
    pg_free(thread->tag_pg);
    redis_free(thread->redis);
    redis_free(thread->locks);
    blob_store_free(thread->store);
    arena_free(thread->arena);
    arena_free(thread->outcome_arena);
}

void job_thread_interrupt(struct job_thread *thread, bool all)
{
    tagstore_interrupt(thread->tagstore);
    if (all)
        pg_interrupt(thread->pg);
}

bool job_thread_prepare(struct job_thread *thread)
{
    struct error error;
    if (!pg_wake(thread->pg, &error)) {
        outage_begin(&thread->postgres_outage, &error);
        return false;
    }
    watch_seen(thread->watch);
    if (!pg_wake(thread->tag_pg, &error)) {
        outage_begin(&thread->postgres_outage, &error);
        return false;
    }
    watch_seen(thread->watch);
    outage_end(&thread->postgres_outage);
    if (!redis_connect(thread->redis, &error)) {
        outage_begin(&thread->redis_outage, &error);
        return false;
    }
    outage_end(&thread->redis_outage);
    return true;
}
