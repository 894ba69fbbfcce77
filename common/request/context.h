/* SPDX-License-Identifier: Apache-2.0 */
/* What a request works with: who asks, and the connections of the thread that answers. */
#ifndef REQUEST_CONTEXT_H
#define REQUEST_CONTEXT_H

#include "client/pg.h"
#include "client/redis.h"
#include "request/caller.h"

struct request_context {
    const struct caller *caller;
    struct pg *pg;
    struct redis *redis;    /* EXPORTD_REDIS_URL; may be NULL where it is not asked */
    const char *queue_name; /* may be NULL where nothing is queued */

    /* As set; needed where exports are made or one is looked at. */
    int64_t max_running, max_queued; /* of one organization without a quota of its own */
    int64_t lease_seconds;           /* a worker that is silent for so long is dead */
};

#endif
