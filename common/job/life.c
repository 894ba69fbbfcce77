#include "job/life.h"

#include "base/digest.h"
#include "base/text.h"

#define BACKOFF_MAX_MS INT64_C(3600000)

static const char *const state_names[] = {
    [JOB_WAITING] = "waiting", [JOB_RUNNING] = "running", [JOB_DELAYED] = "delayed",
    [JOB_VALID] = "valid",     [JOB_FAILED] = "failed",   [JOB_GONE] = "gone",
};

const char *job_state_name(enum job_state state)
{
    return state_names[state];
}

bool job_state_parse(const char *name, enum job_state *state, struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(state_names); i++) {
        if (text_equal(name, state_names[i])) {
            *state = (enum job_state)i;
            return true;
        }
    }
    return error_set(error, ERROR_INTERNAL, "unknown job state '%.40s'", name);
}

bool job_state_is_final(enum job_state state)
{
    return state == JOB_VALID || state == JOB_FAILED || state == JOB_GONE;
}

/* ERROR_DENIED waits although time alone does not mend it: an operator does, and no user should be
   mailed because a password was being changed. ERROR_QUERY is tried again because it is also the
   answer of a database in the middle of a migration. */
enum job_verdict job_judge(const struct error *error)
{
    switch (error->code) {
    case ERROR_EXPORT:
    case ERROR_INVALID:
    case ERROR_TOO_LARGE:
        return JOB_FAIL;
    case ERROR_AWAY:
    case ERROR_BUSY:
    case ERROR_DENIED:
        return JOB_WAIT;
    case ERROR_STOPPED:
        return JOB_GIVE_BACK;
    case ERROR_LOST:
        return JOB_ABANDON;
    case ERROR_ANSWER:
    case ERROR_TIMEOUT:
    case ERROR_OVERLOAD:
    case ERROR_CONFLICT:
    case ERROR_QUERY:
    case ERROR_NOT_FOUND:
    case ERROR_INTERNAL:
    case ERROR_USAGE:
    case ERROR_NONE:
        return JOB_RETRY;
    }
    return JOB_RETRY;
}

const char *job_failure_sentence(const struct error *error)
{
    switch (error->code) {
    case ERROR_EXPORT:
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

int64_t job_backoff_ms(int64_t base_seconds, int64_t tries)
{
    int64_t pause = base_seconds < BACKOFF_MAX_MS / 1000 ? base_seconds * 1000 : BACKOFF_MAX_MS;
    for (int64_t i = 1; i < tries && pause < BACKOFF_MAX_MS; i++)
        pause *= 2;
    if (pause > BACKOFF_MAX_MS)
        pause = BACKOFF_MAX_MS;
    return pause + random_below((uint32_t)(pause / 4) + 1);
}
