/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of an attempt: decides the outcome, and tries to write it while PostgreSQL comes and
 * goes. If no outcome can be written, the job is not over: it is postponed here, or the heartbeat
 * gives it back.
 * Tested by tests/system/test_queue.py and tests/system/test_worker.py.
 */
#include "base/clock.h"
#include "job/retry_or_fail.h"
#include "worker/attempt/steps.h"

enum {
    OUTCOME_TRIES = 3, /* in a row while PostgreSQL answers; then the job is postponed */
    STORE_TRIES = 3,   /* of the file, if its blobs vanish before the outcome */
};

typedef bool outcome_step(struct attempt *attempt, struct error *error);

/* ---- writing an outcome ---- */

static bool connect_for_step(struct attempt *attempt, struct error *error)
{
    struct attempt_tools *tools = attempt->tools;
    arena_reset(tools->outcome_arena);
    watch_seen(tools->watch);
    return pg_connect(tools->pg, error);
}

/* Tries a step until it has been committed or is known to fail. When a COMMIT may have been sent
   and its answer lost, the database is asked whether the outcome was committed. Silence does not
   tell, and neither does a closed fence: that COMMIT may have closed it. */
static bool persist_step(struct attempt *attempt, outcome_step *step, struct error *error)
{
    bool unsure = false;
    for (int tries = 1;; tries++) {
        bool connected = connect_for_step(attempt, error);
        if (connected && step(attempt, error))
            return true;
        unsure = unsure || (connected && error->code != ERROR_LOST);
        if (connected && !unsure)
            return false;
        watch_seen(attempt->tools->watch);
        struct error look = *error;
        bool committed = false;
        if (connected && outcome_was_committed(attempt, &committed, &look)) {
            if (committed)
                return true;
            /* PostgreSQL answers: a full disk, or the Redis of the locks, is what is away */
            if (error->code != ERROR_AWAY || tries >= OUTCOME_TRIES)
                return false;
        } else {
            *error = look;
            if (look.code != ERROR_AWAY)
                return false;
            outage_begin(&attempt->tools->postgres_outage, &look);
            tries = 0;
        }
        if (attempt_gives_back(attempt))
            return false;
        attempt_wait_a_moment(attempt);
    }
}

/* ---- the outcomes ---- */

/* Records why there was nothing to write for this attempt; nothing for OUTCOME_DONE. */
static void record_otherwise(struct attempt *attempt, enum outcome_result result)
{
    if (result == OUTCOME_ROW_GONE) {
        attempt->outcome = "gone";
        log_event(LOG_WARNING, "dataexport.gone", NULL);
    } else if (result == OUTCOME_FINISHED) {
        attempt->outcome = "elsewhere";
        log_event(LOG_WARNING, "dataexport.finished-elsewhere", NULL);
    }
}

/* Writes the valid outcome. Stores the file again if a blob of it has vanished. */
static bool step_valid(struct attempt *attempt, struct error *error)
{
    enum outcome_result result = OUTCOME_BLOB_GONE;
    attempt->outcome = "valid";
    for (int tries = 0; tries < STORE_TRIES; tries++) {
        if (!assemble_store(attempt, error) || !outcome_valid(attempt, &result, error))
            return false;
        if (result != OUTCOME_BLOB_GONE) {
            attempt->otherwise = result != OUTCOME_DONE;
            record_otherwise(attempt, result);
            return true;
        }
        log_event(LOG_WARNING, "dataexport.blob-gone", NULL);
        attempt->assembly.stored = false;
    }
    return error_set(error, ERROR_CONFLICT, "a blob vanished %d times before it was referenced",
                     STORE_TRIES);
}

static bool step_failed(struct attempt *attempt, struct error *error)
{
    enum outcome_result result = OUTCOME_DONE;
    attempt->outcome = "failed";
    if (!outcome_failed(attempt, &result, error))
        return false;
    record_otherwise(attempt, result);
    return true;
}

bool conclude_valid(struct attempt *attempt)
{
    bool written = persist_step(attempt, step_valid, &attempt->error);
    attempt->valid = written && !attempt->otherwise;
    attempt->mailed = attempt->valid;
    if (written && attempt->otherwise)
        assemble_undo(attempt);
    return written;
}

/* ---- after an error ---- */

/* Writes that the job is not over. If even that fails, the heartbeat gives the job back, or another
   worker does. */
static void postpone_job(struct attempt *attempt, struct retry retry)
{
    const struct error *cause = &attempt->error;
    struct error error;
    attempt->reason = cause->message;
    attempt->cause = cause->message;
    attempt->delay_ms = retry.delay_ms;
    attempt->counted = retry.counted;
    attempt->outcome = retry.delay_ms > 0 ? "delayed" : "given-back";
    while (!persist_step(attempt, outcome_postponed, &error)) {
        log_error(LOG_ERROR, "dataexport.outcome-not-written", &error);
        if (error.code == ERROR_LOST) {
            attempt->outcome = "lost";
            assemble_undo(attempt);
        }
        if (error.code == ERROR_LOST || attempt_gives_back(attempt))
            return;
        attempt_wait_a_moment(attempt);
    }
    LOG(LOG_WARNING, "dataexport.postponed", log_text("code", error_code_name(cause->code)),
        log_text("error", cause->message), log_int("delay_ms", retry.delay_ms));
}

/* Writes that the export has failed, with the mail to its user. False: it could not be written. */
static bool fail_export(struct attempt *attempt, struct error *error)
{
    const struct error *cause = &attempt->error;
    attempt->reason = retry_failure_sentence(cause);
    attempt->cause = cause->message;
    LOG(LOG_ERROR, "dataexport.error", log_text("error", attempt->reason),
        log_text("code", error_code_name(cause->code)), log_text("cause", cause->message));
    attempt->mailed = persist_step(attempt, step_failed, error);
    if (attempt->mailed)
        assemble_undo(attempt);
    return attempt->mailed;
}

void conclude_error(struct attempt *attempt)
{
    const struct config *config = attempt->tools->context->config;
    const struct error *cause = &attempt->error;
    const struct retry_limits limits = {.max_failures = config->max_failures,
                                        .give_up_hours = config->give_up_hours,
                                        .base_seconds = config->retry_base_seconds};
    const struct claim *claim = attempt->claim;
    const struct retry_history history = {.delays = claim->delays,
                                          .failures = claim->failures,
                                          .age_seconds = claim->age_seconds,
                                          .crashes = claim->crashes};
    struct error unwritten;
    /* the stop interrupts questions, which then end with a time-out */
    if (attempt_check_ours(attempt, &attempt->error) && attempt_gives_back(attempt) &&
        cause->code == ERROR_TIMEOUT)
        (void)error_set(&attempt->error, ERROR_STOPPED, "the worker stops");
    struct retry retry = retry_judge(cause, &history, &limits, attempt_gives_back(attempt));
    switch (retry.verdict) {
    case RETRY_FAIL:
        if (!fail_export(attempt, &unwritten)) {
            attempt->error = unwritten;
            postpone_job(attempt, retry_unwritten(&history, &limits));
        }
        break;
    case RETRY_POSTPONE:
        postpone_job(attempt, retry);
        break;
    case RETRY_HANDS_OFF:
        attempt->outcome = "lost";
        log_error(LOG_WARNING, "dataexport.lost", cause);
        assemble_undo(attempt);
        break;
    }
}

/* ---- nothing to do ---- */

static bool step_gone(struct attempt *attempt, struct error *error)
{
    return outcome_otherwise(attempt, OUTCOME_ROW_GONE, error);
}

static bool step_finished(struct attempt *attempt, struct error *error)
{
    return outcome_otherwise(attempt, OUTCOME_FINISHED, error);
}

void conclude_otherwise(struct attempt *attempt, enum outcome_result result)
{
    if (persist_step(attempt, result == OUTCOME_ROW_GONE ? step_gone : step_finished,
                     &attempt->error))
        record_otherwise(attempt, result);
    else
        conclude_error(attempt);
}
