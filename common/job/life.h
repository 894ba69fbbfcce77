/*
 * The life of a job: its states, as exportd.export holds them. docs/job-life.md draws the arrows
 * and says what happens after a crash at each point.
 */
#ifndef JOB_LIFE_H
#define JOB_LIFE_H

#include "base/error.h"

enum job_state {
    JOB_WAITING, /* its message is in a queue list (or on its way there) */
    JOB_RUNNING, /* a worker has claimed it */
    JOB_DELAYED, /* it waits in the delayed set for next_try_at */
    JOB_VALID,   /* finished: the file is there, or has expired */
    JOB_FAILED,  /* finished: its user was told why, the sentry_exporteddata row is deleted */
    JOB_GONE,    /* the sentry_exporteddata row was deleted by somebody else */
};

/* "waiting", ...: as in the database. */
const char *job_state_name(enum job_state state);

/* ERROR_INTERNAL for a name that is none. */
bool job_state_parse(const char *name, enum job_state *state, struct error *error) MUST_CHECK;

/* VALID, FAILED and GONE are never left. */
bool job_state_is_final(enum job_state state);

/* What becomes of a job after an error. The one place that decides. */
enum job_verdict {
    JOB_FAIL,      /* it will not pass: the user is told at once */
    JOB_RETRY,     /* it may pass; counts against EXPORTD_MAX_FAILURES */
    JOB_WAIT,      /* a server is away: it will pass; bounded by EXPORTD_GIVE_UP_HOURS only */
    JOB_GIVE_BACK, /* we stop: back to the queue, not counted */
    JOB_ABANDON,   /* the job is no longer ours: change nothing */
};
enum job_verdict job_judge(const struct error *error);

/* The sentence that a user is told when the job fails with this error (spec/original.md 5.6, 6.7):
   the error's own for ERROR_EXPORT, "Query timeout. Please try again. ..." for ERROR_TIMEOUT,
   ERROR_OVERLOAD and ERROR_BUSY, "Internal error. Your query failed to run." for ERROR_QUERY,
   "Internal error. Please try again." for ERROR_AWAY and ERROR_ANSWER, "Failed to save the
   assembled file" for ERROR_CONFLICT, else "Internal processing failure". */
const char *job_failure_sentence(const struct error *error);

/* The pause before the next try, in milliseconds: base x 2^(tries - 1), at most an hour, plus up to
   a quarter of jitter. `tries` counts from 1. */
int64_t job_backoff_ms(int64_t base_seconds, int64_t tries);

#endif
