/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges what becomes of a job after an error; no other code does. The job fails at once, is tried
 * again within its budgets, goes back to the queue, or is left alone.
 */
#ifndef JOB_RETRY_OR_FAIL_H
#define JOB_RETRY_OR_FAIL_H

#include "base/error.h"

/* A job counts as deadly after this many workers have died while they ran it. */
enum { RETRY_CRASHES_MAX = 10 };

/* EXPORTD_MAX_FAILURES, EXPORTD_GIVE_UP_HOURS, EXPORTD_RETRY_BASE_SECONDS. */
struct retry_limits {
    int64_t max_failures;
    int64_t give_up_hours;
    int64_t base_seconds;
};

/* What has happened to a job before this attempt ended. */
struct retry_history {
    int64_t delays;      /* attempts that ended in a pause */
    int64_t failures;    /* earlier attempts that failed through the job itself */
    int64_t age_seconds; /* since its first attempt began */
    int64_t crashes;     /* workers that died while they ran it */
};

enum retry_verdict {
    RETRY_FAIL,      /* the job fails, and its user is told */
    RETRY_POSTPONE,  /* the job is tried again after delay_ms; 0: at once */
    RETRY_HANDS_OFF, /* the job is no longer this worker's: change nothing */
};

struct retry {
    enum retry_verdict verdict;
    int64_t delay_ms;
    bool counted; /* as a failure */
};

/* Judges the error that ended an attempt. With `stopping` (the worker releases its jobs), a job
   that would be tried again goes back at once, uncounted. */
struct retry retry_judge(const struct error *error, const struct retry_history *history,
                         const struct retry_limits *limits, bool stopping);

/* The verdict if the outcome of a failure cannot be written, whatever the cause: the job is tried
   again after a pause, and a failure is counted. */
struct retry retry_unwritten(const struct retry_history *history,
                             const struct retry_limits *limits);

/* Checks before an attempt: ERROR_INTERNAL if earlier ones used up a budget without an outcome. */
bool retry_check_budget(const struct retry_history *history, const struct retry_limits *limits,
                        struct error *error) MUST_CHECK;

/* The sentence for the user whose job fails with this error; the words of a server reach no user.
   ERROR_EXPORT and ERROR_NO_SUBJECT have the error's own sentence; each other code has a fixed one.
 */
const char *retry_failure_sentence(const struct error *error);

#endif
