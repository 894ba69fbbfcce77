/* SPDX-License-Identifier: Apache-2.0 */
/* The rescuer: a thread that looks for jobs in nobody's hands: those of workers that have fallen
   silent, and those that no message leads to (sweep.h). It has connections of its own and is waited
   for by nobody: while it waits for PostgreSQL, the supervisor goes on beating. */
#ifndef WORKER_THREADS_RESCUER_H
#define WORKER_THREADS_RESCUER_H

#include "client/pg.h"
#include "worker/context.h"
#include "worker/watchdog.h"

struct rescuer {
    struct worker_context *context;
    struct pg *pg; /* made by the main thread, which may interrupt it */
    struct redis *redis;
    struct watch *watch;
};

/* The thread's function; the argument is a struct rescuer. Ends with WORKER_ENDS. */
void *rescuer_thread(void *rescuer);

#endif
