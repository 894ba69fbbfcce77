/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep: brings back what Redis has forgotten. */
#ifndef WORKER_THREADS_SWEEP_H
#define WORKER_THREADS_SWEEP_H

#include "client/pg.h"
#include "worker/context.h"

/* One look, if it is time for one (once in EXPORTD_SWEEP_SECONDS, by one worker of all). An export
   of this queue that is waiting, due, or running at a worker that nobody knows or that does not run
   it any more, and that no message leads to, is noted; one that was noted an interval ago already
   gets a new message, after it was taken from its worker. Harmless when wrong: a second message
   changes nothing. Needs both connections; tells `watch` that it goes on. Errors: those of either
   server. */
bool sweep(struct worker_context *context, struct watch *watch, struct pg *pg, struct redis *redis,
           struct error *error) MUST_CHECK;

#endif
