/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a job, as exportd.export holds them. docs/job-life.md draws the arrows and says
 * what happens after a crash at each point.
 */
#ifndef JOB_STATE_H
#define JOB_STATE_H

#include "base/error.h"

enum job_state {
    JOB_WAITING,   /* to be claimed */
    JOB_RUNNING,   /* a worker has claimed it */
    JOB_DELAYED,   /* waits for next_try_at */
    JOB_VALID,     /* finished: the file is there, or has expired */
    JOB_FAILED,    /* finished: its user was told why, the sentry_exporteddata row is deleted */
    JOB_CANCELLED, /* finished: it was not wanted any more, the row is deleted likewise */
    JOB_GONE,      /* finished: the sentry_exporteddata row was deleted, by us or another program */
};

/* "waiting", ...: as in the database. */
const char *job_state_name(enum job_state state);

/* ERROR_INTERNAL for an unknown name. */
bool job_state_parse(const char *name, enum job_state *state, struct error *error) MUST_CHECK;

/* VALID, FAILED, CANCELLED and GONE: nothing leads back to work. */
bool job_state_is_final(enum job_state state);

#endif
