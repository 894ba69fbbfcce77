/* A job thread: its own connections, and one job after another. */
#ifndef WORKER_JOB_THREAD_H
#define WORKER_JOB_THREAD_H

#include "job/claim.h"
#include "storage/blob_store.h"
#include "tagstore/tagstore.h"
#include "worker/context.h"
#include "worker/outage.h"
#include "worker/pool.h"

struct job_thread {
    struct worker_context *context;
    struct pool *pool;
    int slot; /* in the pool */
    struct watch *watch;
    struct pg *pg;     /* rows */
    struct pg *tag_pg; /* the tagstore's */
    struct tagstore *tagstore;
    struct redis *redis; /* the queue */
    struct redis *locks; /* upload locks */
    struct blob_store *store;
    struct arena *arena;         /* of the job in hand */
    struct arena *outcome_arena; /* of one try to write its outcome */
    struct outage postgres_outage, redis_outage;
};

/* Makes the thread's connections, not yet connected. Free with job_thread_close, also after a
   failure. */
bool job_thread_open(struct job_thread *thread, struct worker_context *context, struct pool *pool,
                     int slot, struct error *error) MUST_CHECK;
void job_thread_close(struct job_thread *thread);

/* Makes the connections, or makes them anew; false (and said once) when a server is away. A message
   is taken only for a thread that can work on it. */
bool job_thread_prepare(struct job_thread *thread);

/* The thread's function; the argument is a struct job_thread. Ends when the worker stops and its
   job is done or given back. */
void *job_thread_run(void *thread);

/* From another thread, once the worker gives its jobs back: ends a long question to the tagstore;
   with `all` also what the thread asks for its rows, so that it may have to leave its job to a
   rescue. */
void job_thread_interrupt(struct job_thread *thread, bool all);

#endif
