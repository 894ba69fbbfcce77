/* SPDX-License-Identifier: Apache-2.0 */
/* The queue as a whole: how much is in it, which workers serve it, pause and resume. */
#ifndef JOB_QUEUE_H
#define JOB_QUEUE_H

#include "base/json.h"
#include "client/pg.h"

struct queue_stats {
    int64_t waiting, running, delayed;
    json_t *by_priority; /* of what waits, an object {"0": 4, ...}: for queue_stats_free */
    int64_t dead;        /* messages that led to no export */
    int64_t pending;     /* messages whose row may still be committed */
    int64_t workers;     /* that have given a sign of life within the lease */
    bool paused;
};

/* A worker without a sign of life for `lease_seconds` is not counted. */
bool queue_stats(struct pg *pg, const char *queue, int64_t lease_seconds, struct queue_stats *stats,
                 struct error *error) MUST_CHECK;

void queue_stats_free(struct queue_stats *stats);

/* While a queue is paused nothing is claimed; what runs goes on, and what is asked for waits. */
bool queue_pause(struct pg *pg, const char *queue, bool paused, struct error *error) MUST_CHECK;

#endif
