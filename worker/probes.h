/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker answers over HTTP, if EXPORTD_METRICS_LISTEN is set. None of it waits for a server.
 *
 *   /metrics   all metrics
 *   /healthz   200 while no thread is stuck, else 503: a restart would help
 *   /readyz    200 while its servers answer, else 503 with the names of those that are away
 */
#ifndef WORKER_PROBES_H
#define WORKER_PROBES_H

#include "listen/listener.h"
#include "worker/context.h"
#include "worker/threads/pool.h"

struct probes {
    struct worker_context *context;
    struct pool *pool;
    struct listener *listener; /* NULL: the setting is empty */
};

/* Errors as listener_open. */
bool probes_open(struct probes *probes, struct worker_context *context, struct pool *pool,
                 struct error *error) MUST_CHECK;
void probes_close(struct probes *probes);

#endif
