/* SPDX-License-Identifier: Apache-2.0 */
/* The meter: a thread that reads the queue's figures for /metrics from PostgreSQL, on a connection
   of its own, so that neither a scrape nor a beat waits for them. */
#ifndef WORKER_THREADS_METER_H
#define WORKER_THREADS_METER_H

#include "client/pg.h"
#include "worker/context.h"

struct meter {
    struct worker_context *context;
    struct watch *watch;
    struct pg *pg; /* made by the main thread, which may interrupt it */
};

/* The thread's function; the argument is a struct meter. Ends with WORKER_ENDS. While a figure is
   not known, the metrics are without it. */
void *meter_thread(void *meter);

#endif
