/* SPDX-License-Identifier: Apache-2.0 */
/* The queue: its size, its workers, pause and resume, and the place of an export in it. */
#ifndef JOB_QUEUE_H
#define JOB_QUEUE_H

#include "base/json.h"
#include "client/pg.h"

struct queue_stats {
    int64_t waiting, running, delayed;
    json_t *by_priority; /* the waiting jobs, an object {"0": 4, ...}; queue_stats_free frees it */
    int64_t dead;        /* messages that led to no export */
    int64_t pending;     /* messages whose row may still be committed */
    int64_t workers;     /* live ones */
    int64_t oldest_usec; /* since the oldest waiting job was asked for; 0: none waits */
    bool paused;
};

/* A worker counts as live if its last beat is younger than `lease_seconds`. */
bool queue_stats(struct pg *pg, const char *queue, int64_t lease_seconds, struct queue_stats *stats,
                 struct error *error) MUST_CHECK;

/* How long ago the export was asked for that has waited longest. 0: none waits. */
bool queue_find_oldest(struct pg *pg, const char *queue, int64_t *seconds,
                       struct error *error) MUST_CHECK;

void queue_stats_free(struct queue_stats *stats);

/* Pauses the queue or resumes it. While it is paused, no job is claimed; running jobs go on, and
   new jobs wait. */
bool queue_pause(struct pg *pg, const char *queue, bool paused, struct error *error) MUST_CHECK;

/* ---- queue_list.c ---- */

/* Lists the workers of the queue, by name. *workers is a JSON array, which the caller frees, of
   {instance, name, version, threads, started_at, beat_age_seconds, silent (its last beat is
   `lease_seconds` old: it counts as dead, and its exports will soon wait again), exports (the ids
   of those that it runs)}. */
bool queue_list_workers(struct pg *pg, const char *queue, int64_t lease_seconds, json_t **workers,
                        struct error *error) MUST_CHECK;

/* A page of the delayed exports. Start with {.after_at = USEC_NONE}; each call moves it on. */
struct delayed_page {
    const char *queue;
    int64_t max;
    int64_t after_at, after_id;
};

/* Lists up to page->max delayed exports, those that are due first first. *exports is a JSON array,
   which the caller frees, of {id, next_try_at, failures, message, organization (slug; null: its row
   is gone)}. */
bool queue_list_delayed(struct pg *pg, struct delayed_page *page, json_t **exports,
                        struct error *error) MUST_CHECK;

/* ---- queue_place.c ---- */

/* The place of a waiting export, and what it waits for. */
struct queue_place {
    int64_t place; /* among the exports of its organization that are big, or small, as it is. 1: the
                      next; QUEUE_PLACE_MAX: that or a later place; 0: it does not wait */
    int64_t running, max_running; /* exports of its organization: that run, and that may run */
    bool paused;                  /* the queue is paused */
    bool served;                  /* the queue has a live worker */
    bool kept;                    /* it is big, and each free thread is kept for small exports */
};

enum { QUEUE_PLACE_MAX = 1001 };

/* The settings: see struct claimant and queue_stats. */
struct queue_limits {
    int64_t max_running, lease_seconds;
};

/* Finds the place of an export. */
bool queue_find_place(struct pg *pg, int64_t data_export_id, const struct queue_limits *limits,
                      struct queue_place *place, struct error *error) MUST_CHECK;

/* Makes a delayed export wait now. *moved is false if the export was not delayed. */
bool queue_promote(struct pg *pg, int64_t data_export_id, bool *moved,
                   struct error *error) MUST_CHECK;

#endif
