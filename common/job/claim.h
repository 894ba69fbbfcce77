/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claim: a worker takes a job to run it. The fence proves that the job is still the worker's. A
 * job is a row of exportd.export. The statements are in job/sql/; a trigger (migration 0008) gives
 * each waiting row its place in the queue.
 *
 * The fence is the run of the claim: a name that the worker makes for this claim and never uses
 * again. A claim is committed without waiting for the disk, so PostgreSQL may forget it if it
 * crashes. A later claim may then get the same attempt number, but never the same run.
 */
#ifndef JOB_CLAIM_H
#define JOB_CLAIM_H

#include "client/pg.h"
#include "model/job_progress.h"

#define CLAIM_WORKER_MAX 128
#define CLAIM_RUN_MAX    (CLAIM_WORKER_MAX + 24)

struct claim {
    int64_t data_export_id;
    int64_t attempt;         /* counts from 1 */
    char run[CLAIM_RUN_MAX]; /* the fence */
    bool big;
    int64_t failures, crashes; /* so far */
    int64_t age_seconds;       /* since its first attempt began */
    int64_t limit;             /* 0: all rows; below 0: the value asked for is invalid */
    int64_t environment_id;    /* 0: all; below 0: there is no such environment */
    int64_t rows_expected;     /* an estimate; 0: none */
    bool expired;              /* the message allowed no attempt after a moment that has passed */
    int64_t delays;            /* attempts that ended in a pause */
    int64_t date_added;        /* of its sentry_exporteddata row */
};

/* The worker that claims. The texts must live as long as this struct. */
struct claimant {
    const char *worker; /* the worker's instance, which is new at each start */
    const char *queue;
    int64_t max_running; /* per organization, unless exportd.organization says otherwise */
    int64_t runs;        /* claims so far: start with 0 */
};

/* A request for jobs. */
struct claim_order {
    int jobs;    /* CLAIMS_MAX at most */
    int big;     /* how many of them may be big exports */
    bool upkeep; /* also promotes delayed jobs that are due, and deletes the flows of organizations
                    without jobs */
};

enum { CLAIMS_MAX = 6 };

struct claims {
    struct claim items[CLAIMS_MAX];
    int count;
    int64_t promoted;
};

/* Claims up to order->jobs waiting jobs of the queue. Organizations take turns by their weight.
   Within an organization, the order is priority, then users in turn, then age. Claims nothing while
   the queue is paused. After a failure *claims holds the jobs that were claimed before it.
   ERROR_AWAY: perhaps one more job was claimed; lease_return_unheld gives it back. */
bool claim_jobs(struct pg *pg, struct claimant *claimant, const struct claim_order *order,
                struct claims *claims, struct error *error) MUST_CHECK;

/* ---- while the job runs: ERROR_LOST if it is no longer the claim's ---- */

/* Stores the progress, and the number of rows that are expected; 0: not known. */
bool claim_progress(struct pg *pg, const struct claim *claim, const struct job_progress *progress,
                    int64_t rows_expected, struct error *error) MUST_CHECK;

/* Marks the job as big, and stores the number of rows that are expected. */
bool claim_is_big(struct pg *pg, const struct claim *claim, int64_t rows_expected,
                  struct error *error) MUST_CHECK;

/* ---- the outcome ---- */

struct claim_end {
    const char *state;      /* a job_state_name */
    const char *outcome;    /* of the attempt: its state, or "given-back" */
    const char *message;    /* for its user; may be NULL */
    const char *cause;      /* for operators; may be NULL */
    int64_t failures_added; /* 0 or 1 */
    int64_t delay_ms;       /* to the next try; below 0: there is none */
    struct job_progress progress;
    int64_t rows_expected;          /* 0: not known */
    bool truncated;                 /* there were more rows than the limit */
    int64_t window_from, window_to; /* of the events that were read; USEC_NONE: no bound */
};

/* Adds the first statement of an outcome's transaction: the fence. If the job is still the claim's,
   the statement moves it from running to end->state and ends the attempt. Check its reply with
   claim_end_passed: after ERROR_LOST roll the transaction back, and with it all later statements.
 */
bool claim_end_add(struct pg_batch *batch, const struct claim *claim, const struct claim_end *end,
                   struct error *error) MUST_CHECK;
bool claim_end_passed(const struct claim *claim, const struct pg_result *reply,
                      struct error *error) MUST_CHECK;

/* The same as a statement of its own, within a transaction. */
bool claim_end(struct pg *pg, const struct claim *claim, const struct claim_end *end,
               struct error *error) MUST_CHECK;

/* Adds the statement that sets the job's message, which says why there is no mail. For an outcome's
   transaction, after the fence. */
bool claim_note_add(struct pg_batch *batch, const struct claim *claim, const char *message,
                    struct error *error) MUST_CHECK;

/* For a COMMIT whose answer was lost: whether claim_end of this claim was committed. ERROR_LOST:
   something else has ended the attempt. */
bool claim_has_ended(struct pg *pg, const struct claim *claim, bool *ended,
                     struct error *error) MUST_CHECK;

#endif
