/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claim: how a worker makes a job its own, and the fence that tells whether it still is. A job
 * is a row of exportd.export; job/sql/ holds the statements, migration 0008 gives each waiting row
 * its place.
 *
 * The fence is the claim's run: a name that the worker makes for each claim and never again. A
 * claim is committed without waiting for the disk. One that PostgreSQL forgets in a crash of its
 * own may give its attempt number to another claim, but not its run.
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
    int64_t limit;             /* 0: all rows; below 0: what was asked for is no limit */
    int64_t environment_id;    /* 0: all; below 0: there is no such environment */
    int64_t rows_expected;     /* an estimate; 0: none */
    bool expired;              /* it was not to be begun after a moment that is over */
    int64_t delays;            /* attempts that ended in a pause */
    int64_t date_added;        /* of its sentry_exporteddata row */
};

/* The worker that claims. The texts live as long as it. */
struct claimant {
    const char *worker; /* the worker's instance: another one at each start of a worker */
    const char *queue;
    int64_t max_running; /* of one organization, unless exportd.organization says otherwise */
    int64_t runs;        /* claims so far: start with 0 */
};

/* What one look for jobs asks for. */
struct claim_order {
    int jobs;    /* CLAIMS_MAX at most */
    int big;     /* so many of them may be big exports */
    bool upkeep; /* also make delayed jobs wait that are due, and delete what is left of
                    organizations that have nothing to do */
};

enum { CLAIMS_MAX = 6 };

struct claims {
    struct claim items[CLAIMS_MAX];
    int count;
    int64_t promoted;
};

/* Claims up to order->jobs waiting jobs of the queue. Organizations take turns by their weight;
   within one the order is priority, users in turn, age. None while the queue is paused. Also after
   a failure *claims has what was claimed before it. ERROR_AWAY:
   it is not known whether something was claimed; what was is given back by
   lease_return_unheld. */
bool claim_jobs(struct pg *pg, struct claimant *claimant, const struct claim_order *order,
                struct claims *claims, struct error *error) MUST_CHECK;

/* ---- while it runs: each of these asks whether the job is still the claim's: ERROR_LOST ---- */

/* Writes down how far it is, and how many rows it is expected to have; 0: not known. */
bool claim_progress(struct pg *pg, const struct claim *claim, const struct job_progress *progress,
                    int64_t rows_expected, struct error *error) MUST_CHECK;

/* Writes down that it is big: that it is expected to have so many rows. */
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
    int64_t window_from, window_to; /* of the events looked at; USEC_NONE: no bound */
};

/* Adds the first statement of an outcome's transaction: the fence. It moves the job from running to
   end->state if it is still the claim's, and ends the attempt. What is added after it counts only
   if claim_end_passed says of its reply that the fence was passed: else ERROR_LOST. */
bool claim_end_add(struct pg_batch *batch, const struct claim *claim, const struct claim_end *end,
                   struct error *error) MUST_CHECK;
bool claim_end_passed(const struct claim *claim, const struct pg_result *reply,
                      struct error *error) MUST_CHECK;

/* The same as a statement of its own, within a transaction. */
bool claim_end(struct pg *pg, const struct claim *claim, const struct claim_end *end,
               struct error *error) MUST_CHECK;

/* Adds the statement that sets the job's message, within an outcome's transaction, after the fence:
   why there is no mail. */
bool claim_note_add(struct pg_batch *batch, const struct claim *claim, const char *message,
                    struct error *error) MUST_CHECK;

/* After a COMMIT whose answer was lost: whether claim_end of this claim was committed. ERROR_LOST:
   something else has ended the attempt. */
bool claim_has_ended(struct pg *pg, const struct claim *claim, bool *ended,
                     struct error *error) MUST_CHECK;

#endif
