/* SPDX-License-Identifier: Apache-2.0 */
/* The intake: a thread that brings Celery's messages into the queue, while this worker has the
   lease to do so (job/intake.h). */
#ifndef WORKER_THREADS_INTAKE_H
#define WORKER_THREADS_INTAKE_H

#include "job/intake.h"
#include "worker/bell.h"
#include "worker/context.h"
#include "worker/watchdog.h"

struct intake_thread {
    struct worker_context *context;
    struct intake intake; /* its connections are made and freed by the main thread */
    struct watch *watch;
    struct bell *arrived; /* rung when jobs have come into the queue */
};

/* The thread's function; the argument is a struct intake_thread. Ends when the worker stops. */
void *intake_thread(void *thread);

#endif
