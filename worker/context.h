/* SPDX-License-Identifier: Apache-2.0 */
/* What the threads of a worker share. */
#ifndef WORKER_CONTEXT_H
#define WORKER_CONTEXT_H

#include "config/config.h"
#include "job/lease.h"
#include "worker/bell.h"
#include "worker/watchdog.h"

#include <stdatomic.h>

struct worker_context {
    const struct config *config; /* read only */
    char name[CLAIM_WORKER_MAX]; /* the instance of this worker, as in exportd.worker */
    char host[64];

    /* How far stopping has come. Set by the main thread, only upwards; read by all. */
    _Atomic int phase;
    atomic_bool hurried;       /* what is not finished by now is given back */
    _Atomic int64_t beaten_ms; /* the last beat (monotonic; 0: none): no claim while it is old */

    /* How many threads miss a server (outage.h). */
    atomic_int postgres_missing, redis_missing;

    struct watchdog watchdog; /* parts are added before their threads start */

    struct bell mail_bell; /* rung by a job thread that has put a mail into the outbox */
};

enum worker_phase {
    WORKER_RUNS,
    WORKER_STOPS,      /* claim nothing more, finish what runs */
    WORKER_GIVES_BACK, /* running jobs end at their next page and wait again */
    WORKER_ENDS,       /* all threads end */
};

/* How long PostgreSQL may take for an answer. The watchdog waits longer: a thread can find out that
   the server is away, and try to connect again, before it counts as stuck. */
static inline int64_t worker_patience_ms(const struct config *config)
{
    return config->stuck_seconds * 1000 / 4;
}

static inline int worker_phase(const struct worker_context *context)
{
    return atomic_load(&context->phase);
}

#endif
