/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heartbeat: a thread that beats for this worker. On the same connection it does what depends
 * on beats. It gives back the jobs of silent workers and those of our jobs that no thread holds,
 * and ends the work on jobs that are not ours any more. It also tells systemd that all is well.
 */
#ifndef WORKER_THREADS_HEARTBEAT_H
#define WORKER_THREADS_HEARTBEAT_H

#include "worker/context.h"
#include "worker/notify.h"
#include "worker/threads/job_thread.h"

struct heartbeat {
    struct worker_context *context;
    struct pool *pool;
    struct job_thread *threads; /* of the pool: interrupted when their job is lost */
    struct notify *notify;
    struct watch *watch;
    struct pg *pg; /* its own; made and freed by the main thread */
    const char *version;
};

/* Gives back the jobs that bear the worker's name and that no thread of the pool holds. A claim
   that is younger than `on_its_way_ms` stays: it may still be on its way to the pool. */
bool heartbeat_return_unheld(struct pg *pg, struct pool *pool, const char *instance,
                             int64_t on_its_way_ms, struct error *error) MUST_CHECK;

/* The thread's function; the argument is a struct heartbeat. Ends with WORKER_ENDS. At its end it
   gives back all jobs of the worker, and takes the worker off the list. */
void *heartbeat_thread(void *heartbeat);

#endif
