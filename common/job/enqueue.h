/* SPDX-License-Identifier: Apache-2.0 */
/* How a job comes into the queue, which is exportd.export: one statement, for the intake and for
   all that ask. */
#ifndef JOB_ENQUEUE_H
#define JOB_ENQUEUE_H

#include "client/pg.h"
#include "wire/job_message.h"

/* As limit or environment_id: what was asked for is none. The export fails with a mail. */
#define ENQUEUE_WRONG INT64_C(-1)

enum enqueue_result {
    ENQUEUE_QUEUED,   /* it waits, or is delayed until its eta */
    ENQUEUE_KNOWN,    /* exportd has it already, in whatever state: nothing was changed */
    ENQUEUE_FINISHED, /* its sentry_exporteddata row has a date_finished: nothing was changed */
    ENQUEUE_NO_ROW,   /* there is no sentry_exporteddata row, and exportd never knew one */
};

struct enqueue_job {
    int64_t data_export_id;
    int64_t limit;          /* 0: all rows; ENQUEUE_WRONG */
    int64_t environment_id; /* 0: all; ENQUEUE_WRONG */
    int64_t priority;       /* within its organization; the lowest first */
    int64_t eta;            /* not before this moment; USEC_NONE */
    int64_t expires;        /* no attempt begins after this moment; USEC_NONE */
    int64_t retry_of;       /* the export that this one asks for again; 0: none */
    enum enqueue_result result;
};

/* The job that a message asks for. */
struct enqueue_job enqueue_job_from(const struct job_message *message, int64_t priority);

/* Puts the jobs into the queue and sets the result of each: one statement, a transaction of its own
   unless the caller has begun one. Of several jobs with one id the first one counts; the others are
   ENQUEUE_KNOWN.
   The same id with another date_added is a new job (a restored database): it waits again, and only
   the number of its attempts goes on. */
struct enqueue {
    const char *queue;
    const char *source; /* "celery" or "cli" */
    struct enqueue_job *jobs;
    size_t count;
};
bool enqueue_jobs(struct pg *pg, const struct enqueue *enqueue, struct error *error) MUST_CHECK;

/* Whether an error of enqueue_jobs means that PostgreSQL does not take the data: a value that does
   not fit, a constraint. Nothing that passes, then. To be asked before a rollback. */
bool enqueue_is_refused(const struct pg *pg, const struct error *error);

#endif
