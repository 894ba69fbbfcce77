/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease: a worker that gives no sign of life for so long has died, and its jobs wait again.
 * Each worker has a row in exportd.worker and is known by its instance, which is another one at
 * each start.
 *
 * All times are the database's. A job that is given back by mistake costs an attempt, nothing else:
 * the fence (job/claim.h) keeps its old owner out.
 */
#ifndef JOB_LEASE_H
#define JOB_LEASE_H

#include "base/json.h"
#include "job/claim.h"

struct lease_holder {
    const char *instance; /* of lease_make_instance */
    const char *name;     /* only shown */
    const char *queue;
    const char *version;
    int threads;
    int64_t lease_ms; /* its own: others may have another one */
};

/* A name for this process as a worker: <host>:<pid>:<8 random hex digits>. */
void lease_make_instance(char instance[CLAIM_WORKER_MAX]);

/* The server's clock and start at a beat: while both go on as expected, and no beat is missed, a
   worker may judge others. */
struct lease_beat {
    int64_t at;         /* microseconds since 1970 */
    int64_t started_at; /* of the server */
};

/* One sign of life; the first one registers the worker. Attempts that were ended because this
   worker was taken for dead are not counted as crashes any more: it lives. */
bool lease_beat(struct pg *pg, const struct lease_holder *holder, struct lease_beat *beat,
                struct error *error) MUST_CHECK;

/* Takes the worker off the list. */
bool lease_end(struct pg *pg, const char *instance, struct error *error) MUST_CHECK;

/* What a worker's threads have in hand. */
enum { LEASE_HELD_MAX = 64 };
struct held_runs {
    struct claim items[LEASE_HELD_MAX];
    size_t count;
};

/* Gives back, uncounted, running jobs that bear the worker's name and are not among `held`: a claim
   whose reply was lost, a database that went back in time. A claim may be on its way to its thread
   for `on_its_way_ms`. *count of them. */
bool lease_return_unheld(struct pg *pg, const char *instance, const struct held_runs *held,
                         int64_t on_its_way_ms, int64_t *count, struct error *error) MUST_CHECK;

/* Which of the runs in hand are not running any more, because they were cancelled or given to
   another worker: lost[i] for held->items[i]. */
bool lease_find_lost(struct pg *pg, const struct held_runs *held, bool lost[LEASE_HELD_MAX],
                     struct error *error) MUST_CHECK;

/* Makes the jobs of all workers wait again that have been silent for `lease_ms`, or are not
   registered: crashes + 1, attempts ended as `crashed`. Takes silent workers off the list that have
   no job left. To be called only after the caller has itself beaten for a whole lease on this very
   connection. *rescued: a JSON array of {worker, jobs} that is the caller's. Repeatable. */
bool lease_judge(struct pg *pg, json_t **rescued, struct error *error) MUST_CHECK;

#endif
