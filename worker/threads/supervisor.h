/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor: a thread that beats for this worker, promotes delayed jobs that are due, and
   tells systemd that all is well. It talks to Redis only: whatever PostgreSQL does, the worker
   beats. */
#ifndef WORKER_THREADS_SUPERVISOR_H
#define WORKER_THREADS_SUPERVISOR_H

#include "worker/context.h"
#include "worker/notify.h"
#include "worker/threads/pool.h"
#include "worker/watchdog.h"

struct supervisor {
    struct worker_context *context;
    struct pool *pool;
    struct notify *notify;
    struct watch *watch;
    struct redis *redis; /* its own; made and freed by the main thread */
};

/* The thread's function; the argument is a struct supervisor. Ends with WORKER_ENDS, and takes the
   worker off the list then. */
void *supervisor_thread(void *supervisor);

#endif
