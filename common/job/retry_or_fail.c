/* SPDX-License-Identifier: Apache-2.0 */
#include "job/retry_or_fail.h"

#include "base/digest.h"

#define PAUSE_MAX_MS INT64_C(3600000)

enum { SECONDS_PER_HOUR = 3600 };

/* ---- pauses ---- */

/* base x 2^(tries - 1), at most an hour, plus up to a quarter at random; `tries` counts from 1. */
static int64_t pause_ms(int64_t base_seconds, int64_t tries)
{
    int64_t pause = base_seconds < PAUSE_MAX_MS / 1000 ? base_seconds * 1000 : PAUSE_MAX_MS;
    for (int64_t i = 1; i < tries && pause < PAUSE_MAX_MS; i++)
        pause *= 2;
    if (pause > PAUSE_MAX_MS)
        pause = PAUSE_MAX_MS;
    return pause + random_below((uint32_t)(pause / 4) + 1);
}

/* ---- the judgement ---- */

enum cause {
    WILL_NOT_PASS, /* no further attempt can succeed: the job fails at once */
    OWN_FAILURE,   /* a further attempt may succeed; bounded by max_failures */
    AWAY,          /* a server is away or overloaded; bounded by give_up_hours only */
    STOPPED,       /* the worker stops */
    LOST,          /* another worker has the job */
};

/* ERROR_DENIED waits for an operator: no user should get a mail because a password is being
   changed. ERROR_QUERY is tried again because a database in the middle of a migration also answers
   with it. */
static enum cause cause_of(const struct error *error)
{
    switch (error->code) {
    case ERROR_EXPORT:
    case ERROR_NO_SUBJECT:
    case ERROR_INVALID:
    case ERROR_TOO_LARGE:
        return WILL_NOT_PASS;
    case ERROR_AWAY:
    case ERROR_BUSY:
    case ERROR_DENIED:
        return AWAY;
    case ERROR_STOPPED:
        return STOPPED;
    case ERROR_LOST:
        return LOST;
    case ERROR_ANSWER:
    case ERROR_TIMEOUT:
    case ERROR_OVERLOAD:
    case ERROR_CONFLICT:
    case ERROR_QUERY:
    case ERROR_NOT_FOUND:
    case ERROR_INTERNAL:
    case ERROR_USAGE:
    case ERROR_NONE:
        return OWN_FAILURE;
    }
    return OWN_FAILURE;
}

static struct retry postpone(int64_t delay_ms, bool counted)
{
    return (struct retry){.verdict = RETRY_POSTPONE, .delay_ms = delay_ms, .counted = counted};
}

static bool is_deadly(const struct retry_history *history)
{
    return history->crashes >= RETRY_CRASHES_MAX;
}

struct retry retry_judge(const struct error *error, const struct retry_history *history,
                         const struct retry_limits *limits, bool stopping)
{
    static const struct retry fail = {.verdict = RETRY_FAIL};
    enum cause cause = cause_of(error);
    if (cause == LOST)
        return (struct retry){.verdict = RETRY_HANDS_OFF};
    if (cause == WILL_NOT_PASS)
        return fail;
    if (cause == OWN_FAILURE && is_deadly(history))
        return fail; /* a further attempt might kill the next worker */
    if (cause == STOPPED || stopping)
        return postpone(0, false);
    if (cause == OWN_FAILURE)
        return history->failures + 1 >= limits->max_failures
                   ? fail
                   : postpone(pause_ms(limits->base_seconds, history->failures + 1), true);
    return history->age_seconds >= limits->give_up_hours * SECONDS_PER_HOUR
               ? fail
               : postpone(pause_ms(limits->base_seconds, history->delays + 1), false);
}

struct retry retry_unwritten(const struct retry_history *history, const struct retry_limits *limits)
{
    return postpone(pause_ms(limits->base_seconds, history->delays + 1), true);
}

bool retry_check_budget(const struct retry_history *history, const struct retry_limits *limits,
                        struct error *error)
{
    if (is_deadly(history))
        return error_set(error, ERROR_INTERNAL,
                         "%" PRId64 " workers died while they ran this export", history->crashes);
    return history->failures < limits->max_failures ||
           error_set(error, ERROR_INTERNAL, "%" PRId64 " attempts ended without an outcome",
                     history->failures);
}

/* ---- the sentence for the user ---- */

const char *retry_failure_sentence(const struct error *error)
{
    switch (error->code) {
    case ERROR_EXPORT:
    case ERROR_NO_SUBJECT:
        return error->message;
    case ERROR_BUSY:
    case ERROR_TIMEOUT:
    case ERROR_OVERLOAD:
        return "Query timeout. Please try again. If the problem persists try a smaller date range "
               "or fewer projects.";
    case ERROR_QUERY:
        return "Internal error. Your query failed to run.";
    case ERROR_AWAY:
    case ERROR_ANSWER:
        return "Internal error. Please try again.";
    case ERROR_CONFLICT:
        return "Failed to save the assembled file";
    case ERROR_TOO_LARGE:
        return "The export is too large";
    default:
        return "Internal processing failure";
    }
}
