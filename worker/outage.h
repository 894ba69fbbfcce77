/* SPDX-License-Identifier: Apache-2.0 */
/* Says once that a server is away, and once that it is back, however many threads miss it. One a
   thread and server. */
#ifndef WORKER_OUTAGE_H
#define WORKER_OUTAGE_H

#include "base/error.h"

#include <stdatomic.h>

struct outage {
    const char *server;  /* "postgres", "redis", "storage", "tmpdir": in the log */
    atomic_int *missing; /* the threads that miss it; NULL: no other thread uses it */
    bool away;           /* for this thread */
};

/* Logs `server.away` unless this or another thread has said so already. */
void outage_begin(struct outage *outage, const struct error *error);

/* Logs `server.back` if this was the last thread for which it was away. */
void outage_end(struct outage *outage);

#endif
