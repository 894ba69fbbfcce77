/* SPDX-License-Identifier: Apache-2.0 */
/* The queue: how much is in it, which workers serve it, pause and resume, an export's place. */
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

/* ---- queue_list.c ---- */

/* The workers of the queue, by name: a JSON array that is the caller's, of {instance, name,
   version, threads, started_at, beat_age_seconds, silent (for `lease_seconds`: it has died, and its
   exports are about to wait again), exports (the ids of those that it runs)}. */
bool queue_list_workers(struct pg *pg, const char *queue, int64_t lease_seconds, json_t **workers,
                        struct error *error) MUST_CHECK;

/* A page of the delayed exports: starts as {.after_at = USEC_NONE}, and moves on with each call. */
struct delayed_page {
    const char *queue;
    int64_t max;
    int64_t after_at, after_id;
};

/* Up to page->max delayed exports, what is due first: a JSON array that is the caller's, of {id,
   next_try_at, failures, message, organization (slug; null: it is gone)}. */
bool queue_list_delayed(struct pg *pg, struct delayed_page *page, json_t **exports,
                        struct error *error) MUST_CHECK;

/* ---- queue_place.c ---- */

/* Why a waiting export waits. */
struct queue_place {
    int64_t place; /* 1: the next one of its organization, among the big or the small ones;
                      QUEUE_PLACE_MAX: that or further behind; 0: it does not wait */
    int64_t running, max_running; /* exports of its organization, and how many of them may run */
    bool paused;                  /* the queue */
    bool served;                  /* a worker of the queue lives */
    bool kept;                    /* it is big, and each free thread is kept for small exports */
};

enum { QUEUE_PLACE_MAX = 1001 };

/* What the settings say: see struct claimant and queue_stats. */
struct queue_limits {
    int64_t max_running, lease_seconds;
};

bool queue_find_place(struct pg *pg, int64_t data_export_id, const struct queue_limits *limits,
                      struct queue_place *place, struct error *error) MUST_CHECK;

/* Makes a delayed export wait now. *moved: false when it is not delayed. */
bool queue_promote(struct pg *pg, int64_t data_export_id, bool *moved,
                   struct error *error) MUST_CHECK;

#endif
