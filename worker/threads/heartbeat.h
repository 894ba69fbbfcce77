/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heartbeat: a thread that beats for this worker and, on the same connection, looks after what
 * depends on beats: jobs of workers that are silent, jobs that no thread has in hand, and jobs in
 * hand that are not ours any more. It also tells systemd that all is well.
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

/* Gives back what bears the worker's name, and no thread of the pool holds; but no claims that may
   be on their way to the pool, which are younger than `on_its_way_ms`. */
bool heartbeat_return_unheld(struct pg *pg, struct pool *pool, const char *instance,
                             int64_t on_its_way_ms, struct error *error) MUST_CHECK;

/* The thread's function; the argument is a struct heartbeat. Ends with WORKER_ENDS: then it gives
   back what is left and takes the worker off the list. */
void *heartbeat_thread(void *heartbeat);

#endif
