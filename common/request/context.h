/* SPDX-License-Identifier: Apache-2.0 */
/* What a request works with: its caller, and the connections of the thread that serves it. */
#ifndef REQUEST_CONTEXT_H
#define REQUEST_CONTEXT_H

#include "client/pg.h"
#include "client/redis.h"
#include "request/caller.h"

struct request_context {
    const struct caller *caller;
    struct pg *pg;
    struct redis *redis;    /* of EXPORTD_REDIS_URL; NULL if the request needs none */
    const char *queue_name; /* NULL if the request queues nothing */

    /* From the settings; needed to make an export, or to show one. */
    int64_t max_running, max_queued; /* for an organization without a quota of its own */
    int64_t lease_seconds;           /* a worker that is silent for longer is dead */
};

#endif
