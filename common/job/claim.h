/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claim: how a worker makes a job its own. Postgres decides: `attempt` is one more at every
 * claim and fences off everybody who claimed before.
 */
#ifndef JOB_CLAIM_H
#define JOB_CLAIM_H

#include "base/arena.h"
#include "client/pg.h"
#include "model/exported_data.h"
#include "model/job_progress.h"
#include "wire/job_message.h"

enum claim_result {
    CLAIM_TAKEN,    /* ours: *claim is filled */
    CLAIM_FINISHED, /* valid, failed or gone already: acknowledge */
    CLAIM_RUNNING,  /* somebody runs it: acknowledge this duplicate */
    CLAIM_NO_ROW,   /* no such row, and none ever known: a few short retries, then the dead list */
};

struct claim {
    int64_t data_export_id;
    int64_t attempt;     /* the fence, with the worker */
    const char *worker;  /* the claimant's: not copied */
    int64_t failures;    /* so far */
    int64_t age_seconds; /* since its first attempt began */
    struct exported_data row;
};

/* Who claims. */
struct claimant {
    const char *worker;
    const char *queue; /* where the message came from: noted for the sweep of that queue */
    bool again; /* a claim of this very message by this worker was cut off (ERROR_AWAY), so a job
                   that "runs" at this same worker may be that claim: it is claimed anew, and the
                   fence puts a rival thread out */
};

/* Claims the job of a message for the claimant: one upsert of exportd.export (attempt + 1, state
   running) where it is waiting, delayed or unknown, and a new exportd.attempt row, in one
   transaction. History is asked before sentry_exporteddata. The same id with another date_added is
   a new job (a restored database). Texts in `arena`. */
struct claim_request {
    struct pg *pg;
    struct arena *arena;
    const struct job_message *message;
    const struct claimant *claimant;
};
bool claim_job(const struct claim_request *request, enum claim_result *result, struct claim *claim,
               struct error *error) MUST_CHECK;

/* Progress: writes rows, bytes and pages, and asks whether the job is still ours: ERROR_LOST. */
bool claim_progress(struct pg *pg, const struct claim *claim, const struct job_progress *progress,
                    struct error *error) MUST_CHECK;

/* The first statement of an outcome's transaction: the fence. Moves the job from running to `state`
   (a job_state_name) if attempt and worker still match, and ends the attempt with `outcome`;
   ERROR_LOST if they do not. `failures_added` is 0 or 1; `delay_ms` below 0: no next try; `message`
   may be NULL. */
struct claim_end {
    const char *state;
    const char *outcome;
    const char *message;
    int64_t failures_added;
    int64_t delay_ms;
    struct job_progress progress;
};
bool claim_end(struct pg *pg, const struct claim *claim, const struct claim_end *end,
               struct error *error) MUST_CHECK;

/* The same in a batch, with statements after it that may be used only if claim_end_passed says of
   its reply that the fence was passed. */
bool claim_end_add(struct pg_batch *batch, const struct claim *claim, const struct claim_end *end,
                   struct error *error) MUST_CHECK;
bool claim_end_passed(const struct claim *claim, const struct pg_result *reply,
                      struct error *error) MUST_CHECK;

/* Adds the statement that sets exportd.export's message, within an outcome's transaction, after the
   fence: why there is no mail and the like. */
bool claim_note_add(struct pg_batch *batch, const struct claim *claim, const char *message,
                    struct error *error) MUST_CHECK;

/* After a COMMIT whose answer was lost: whether claim_end of this very attempt was committed.
   ERROR_LOST: somebody else has ended the attempt. */
bool claim_has_ended(struct pg *pg, const struct claim *claim, bool *ended,
                     struct error *error) MUST_CHECK;

/* A dead worker's running jobs -> waiting, failures + 1, attempts ended as `crashed`: *count of
   them. *busy jobs are left as they are, because a transaction of that worker still holds them (it
   may be stopped, or committing at this moment): the worker's messages must then stay where they
   are until a later round finds none busy. Repeatable. */
bool claim_rescue(struct pg *pg, const char *worker, int64_t *count, int64_t *busy,
                  struct error *error) MUST_CHECK;

#endif
