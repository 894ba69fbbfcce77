/* SPDX-License-Identifier: Apache-2.0 */
/* Puts jobs into the queue, which is the table exportd.export. One statement serves the intake and
   all commands. */
#ifndef JOB_ENQUEUE_H
#define JOB_ENQUEUE_H

#include "client/pg.h"
#include "wire/job_message.h"

/* A limit or environment_id that is invalid: the export fails with a mail. */
#define ENQUEUE_WRONG INT64_C(-1)

enum enqueue_result {
    ENQUEUE_QUEUED,   /* the job waits, or is delayed until its eta */
    ENQUEUE_KNOWN,    /* exportd has this job already, in any state: nothing was changed */
    ENQUEUE_FINISHED, /* its sentry_exporteddata row has a date_finished: nothing was changed */
    ENQUEUE_NO_ROW,   /* neither sentry_exporteddata nor exportd.export has a row with this id */
};

struct enqueue_job {
    int64_t data_export_id;
    int64_t limit;          /* 0: all rows; ENQUEUE_WRONG */
    int64_t environment_id; /* 0: all; ENQUEUE_WRONG */
    int64_t priority;       /* within its organization; the lowest first */
    int64_t eta;            /* not to be claimed before this moment; USEC_NONE: at once */
    int64_t expires;        /* no attempt begins after this moment; USEC_NONE: no end */
    int64_t retry_of;       /* the export that this one repeats; 0: none */
    enum enqueue_result result;
};

/* The job that a message asks for. */
struct enqueue_job enqueue_job_from(const struct job_message *message, int64_t priority);

/* Puts the jobs into the queue by one statement, in the caller's transaction if there is one, and
   sets the result of each. If several jobs have the same id, the first one is put into the queue
   and the others are ENQUEUE_KNOWN.
   A known id with another date_added is a new job (the database was restored): it waits again, and
   only its attempt number goes on from the old one. */
struct enqueue {
    const char *queue;
    const char *source; /* "celery" or "cli" */
    struct enqueue_job *jobs;
    size_t count;
};
bool enqueue_jobs(struct pg *pg, const struct enqueue *enqueue, struct error *error) MUST_CHECK;

/* Whether an error of enqueue_jobs means that PostgreSQL refuses the data (a value that does not
   fit, a constraint), so that trying again does not help. Call it before the rollback. */
bool enqueue_is_refused(const struct pg *pg, const struct error *error);

#endif
