/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a job, as exportd.export holds them. docs/job-life.md draws the arrows and says
 * what happens after a crash at each point.
 */
#ifndef JOB_STATE_H
#define JOB_STATE_H

#include "base/error.h"

enum job_state {
    JOB_WAITING,   /* may be claimed */
    JOB_RUNNING,   /* a worker has claimed it */
    JOB_DELAYED,   /* waits for next_try_at */
    JOB_VALID,     /* finished: there is a file, or it has expired */
    JOB_FAILED,    /* finished: its user was told why; the sentry_exporteddata row is deleted */
    JOB_CANCELLED, /* finished: it is no longer wanted; the sentry_exporteddata row is deleted */
    JOB_GONE,      /* finished: exportd or another program deleted the sentry_exporteddata row */
};

/* "waiting", ...: the name in the database. */
const char *job_state_name(enum job_state state);

/* ERROR_INTERNAL for an unknown name. */
bool job_state_parse(const char *name, enum job_state *state, struct error *error) MUST_CHECK;

/* Whether the state is VALID, FAILED, CANCELLED or GONE, which a job never leaves. */
bool job_state_is_final(enum job_state state);

#endif
