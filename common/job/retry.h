/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a job after an error: the only place that judges. It fails at once, it is tried
 * again within its budgets, it goes back to the queue, or it is left alone.
 */
#ifndef JOB_RETRY_H
#define JOB_RETRY_H

#include "base/error.h"

/* So many workers may die while they run a job before it counts as the cause. */
enum { RETRY_CRASHES_MAX = 10 };

/* EXPORTD_MAX_FAILURES, EXPORTD_GIVE_UP_HOURS, EXPORTD_RETRY_BASE_SECONDS. */
struct retry_limits {
    int64_t max_failures;
    int64_t give_up_hours;
    int64_t base_seconds;
};

/* What a job has been through. */
struct retry_history {
    int64_t delays;      /* attempts that ended in a pause */
    int64_t failures;    /* before it, by the job's own doing */
    int64_t age_seconds; /* since its first attempt began */
    int64_t crashes;     /* workers that died while they ran it */
};

enum retry_verdict {
    RETRY_FAIL,      /* the job fails, and its user is told */
    RETRY_POSTPONE,  /* it is tried again after delay_ms, at once for 0 */
    RETRY_HANDS_OFF, /* it is no longer ours: change nothing */
};

struct retry {
    enum retry_verdict verdict;
    int64_t delay_ms;
    bool counted; /* as a failure */
};

/* Judges the error that ended an attempt. With `stopping` (the worker gives its jobs back), what
   would be tried again goes back at once and is not counted. */
struct retry retry_judge(const struct error *error, const struct retry_history *history,
                         const struct retry_limits *limits, bool stopping);

/* After a failure whose outcome cannot be written, whatever the cause: the job is not over. */
struct retry retry_unwritten(const struct retry_history *history,
                             const struct retry_limits *limits);

/* Before an attempt: ERROR_INTERNAL when earlier ones have used up a budget without an outcome. */
bool retry_check_budget(const struct retry_history *history, const struct retry_limits *limits,
                        struct error *error) MUST_CHECK;

/* The sentence that a user is told when the job fails with this error; the servers' own words reach
   no user. The error's own for ERROR_EXPORT, "Query timeout. Please try again. ..." for
   ERROR_TIMEOUT, ERROR_OVERLOAD and ERROR_BUSY, "Internal error. Your query failed to run." for
   ERROR_QUERY, "Internal error. Please try again." for ERROR_AWAY and ERROR_ANSWER, "Failed to save
   the assembled file" for ERROR_CONFLICT, else "Internal processing failure". */
const char *retry_failure_sentence(const struct error *error);

#endif
