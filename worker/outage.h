/* SPDX-License-Identifier: Apache-2.0 */
/* Logs once that a server is away, and once that it is back, however many threads use it. Each
   thread has one struct outage per server. */
#ifndef WORKER_OUTAGE_H
#define WORKER_OUTAGE_H

#include "base/error.h"

#include <stdatomic.h>

struct outage {
    const char *server;  /* "postgres", "redis", "storage", "tmpdir": in the log */
    atomic_int *missing; /* threads that cannot reach it; NULL: no other thread uses it */
    bool away;           /* for this thread */
};

/* Logs `server.away`, unless this or another thread has done so already. */
void outage_begin(struct outage *outage, const struct error *error);

/* Logs `server.back` if the server was away for this thread, and now is for none. */
void outage_end(struct outage *outage);

#endif
