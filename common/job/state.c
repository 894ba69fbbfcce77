/* SPDX-License-Identifier: Apache-2.0 */
#include "job/state.h"

#include "base/text.h"

static const char *const state_names[] = {
    [JOB_WAITING] = "waiting", [JOB_RUNNING] = "running", [JOB_DELAYED] = "delayed",
    [JOB_VALID] = "valid",     [JOB_FAILED] = "failed",   [JOB_CANCELLED] = "cancelled",
    [JOB_GONE] = "gone",
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
    return state == JOB_VALID || state == JOB_FAILED || state == JOB_CANCELLED || state == JOB_GONE;
}
