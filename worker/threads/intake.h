/* SPDX-License-Identifier: Apache-2.0 */
/* The intake: a thread that brings Celery's messages into the queue. Of all workers, only the one
   with the intake's lease does this (job/intake.h). */
#ifndef WORKER_THREADS_INTAKE_H
#define WORKER_THREADS_INTAKE_H

#include "job/intake.h"
#include "worker/context.h"
#include "worker/threads/pool.h"
#include "worker/watchdog.h"

struct intake_thread {
    struct worker_context *context;
    struct intake intake; /* its connections are made and freed by the main thread */
    struct watch *watch;
    struct pool *pool; /* rung when jobs have come into the queue */
};

/* The names of the queue's lists in Redis, as the settings say. Free with intake_lists_free. NULL:
   no memory. */
struct intake_lists *intake_lists_of(const struct config *config);

/* The thread's function; the argument is a struct intake_thread. Ends when the worker stops. */
void *intake_thread(void *thread);

#endif
