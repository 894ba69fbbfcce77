/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease: a worker whose last beat is older than its lease counts as dead, and its jobs wait
 * again. Each worker has a row in exportd.worker and is known by its instance, which is new at each
 * start.
 *
 * All times are by the clock of PostgreSQL. A job that is taken from a living worker costs one
 * attempt and does no other harm: the fence (job/claim.h) keeps that worker out.
 */
#ifndef JOB_LEASE_H
#define JOB_LEASE_H

#include "base/json.h"
#include "job/claim.h"

struct lease_holder {
    const char *instance; /* made by lease_make_instance */
    const char *name;     /* only shown */
    const char *queue;
    const char *version;
    int threads;
    int64_t lease_ms; /* of this worker; others may have another lease */
};

/* A name for this process as a worker: <host>:<pid>:<8 random hex digits>. */
void lease_make_instance(char instance[CLAIM_WORKER_MAX]);

/* The server's clock and its start, as seen by a beat. A worker may judge others while both go on
   as expected and no beat is missed. */
struct lease_beat {
    int64_t at;         /* microseconds since 1970 */
    int64_t started_at; /* of the server, likewise */
};

/* Records a beat; the first one registers the worker. If other workers have taken this worker for
   dead, its attempts that ended as crashed become `silent`, and no longer count as crashes. */
bool lease_beat(struct pg *pg, const struct lease_holder *holder, struct lease_beat *beat,
                struct error *error) MUST_CHECK;

/* Deletes the worker's row. */
bool lease_end(struct pg *pg, const char *instance, struct error *error) MUST_CHECK;

/* The claims that a worker's threads hold. */
enum { LEASE_HELD_MAX = 64 };
struct held_runs {
    struct claim items[LEASE_HELD_MAX];
    size_t count;
};

/* Releases, uncounted, the running jobs that bear the worker's name and are not among `held`: the
   reply to their claim was lost, or the database went back in time. Leaves out claims younger than
   `on_its_way_ms`, which may still be on their way to a thread. *count: jobs released. */
bool lease_return_unheld(struct pg *pg, const char *instance, const struct held_runs *held,
                         int64_t on_its_way_ms, int64_t *count, struct error *error) MUST_CHECK;

/* Finds the claims whose jobs are no longer theirs, because the jobs were cancelled or given to
   another worker: lost[i] is for held->items[i]. */
bool lease_find_lost(struct pg *pg, const struct held_runs *held, bool lost[LEASE_HELD_MAX],
                     struct error *error) MUST_CHECK;

/* Judges all workers: the jobs of workers that have been silent for their lease, or are not
   registered, wait again. Their crashes grow by 1, and their attempts end as `crashed`. Also
   deletes the rows of silent workers without jobs. Call it only if this worker has beaten for a
   whole lease on this connection. May be repeated. *rescued is a JSON array of {worker, jobs},
   which the caller frees. */
bool lease_judge(struct pg *pg, json_t **rescued, struct error *error) MUST_CHECK;

#endif
