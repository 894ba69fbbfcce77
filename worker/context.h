/* SPDX-License-Identifier: Apache-2.0 */
/* What the threads of a worker share. */
#ifndef WORKER_CONTEXT_H
#define WORKER_CONTEXT_H

#include "client/statsd.h"
#include "config/config.h"
#include "job/lease.h"
#include "worker/bell.h"
#include "worker/watchdog.h"

#include <stdatomic.h>

struct worker_context {
    const struct config *config; /* read only */
    struct statsd statsd;
    char name[CLAIM_WORKER_MAX]; /* the instance of this worker, as in exportd.worker */
    char host[64];

    /* How far the stop has come (enum worker_phase). The main thread sets it, and only upwards. */
    _Atomic int phase;
    atomic_bool hurried;       /* the time of the stop is up: the mailer begins no more mails */
    _Atomic int64_t beaten_ms; /* the last beat (monotonic; 0: none): no claims while it is old */

    /* How many threads cannot reach a server (outage.h). */
    atomic_int postgres_missing, redis_missing, storage_missing, tmpdir_missing;

    _Atomic int64_t max_running; /* EXPORTD_MAX_RUNNING, which HUP may change */

    struct watchdog watchdog; /* parts are added before their threads start */
    _Atomic int64_t well_ms; /* when the main thread found no thread stuck (monotonic); 0: one is */

    struct bell mail_bell; /* rung when the outbox has a new mail, and when the worker ends */
};

enum worker_phase {
    WORKER_RUNS,
    WORKER_STOPS,      /* nothing more is claimed, running jobs go on */
    WORKER_GIVES_BACK, /* running jobs end at their next page and go back to the queue */
    WORKER_ENDS,       /* all threads end */
};

/* How long PostgreSQL may take for an answer. The watchdog waits longer. So a thread can find out
   that the server is away, and try to connect again, before it counts as stuck. */
static inline int64_t worker_patience_ms(const struct config *config)
{
    return config->stuck_seconds * 1000 / 4;
}

static inline int worker_phase(const struct worker_context *context)
{
    return atomic_load(&context->phase);
}

#endif
