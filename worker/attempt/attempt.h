/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt at a claimed job: assemble_download, and one transaction that ends it. Of the other
 * threads it knows only the pool. The pool says whether the job is still ours and whether it may be
 * big, and learns when the outcome is about to be committed.
 *
 *     attempt.c            the steps: load, check, work, end
 *     assemble_download.c  the work: rows into a file, the file into blobs
 *     conclude.c           the end: writes an outcome, or postpones the job
 *     outcome.c            the one transaction that ends an attempt
 *     outcome_mail.c       the mail that is a part of it
 */
#ifndef WORKER_ATTEMPT_ATTEMPT_H
#define WORKER_ATTEMPT_ATTEMPT_H

#include "export/issues_by_tag_payload.h"
#include "format/sink.h"
#include "job/claim.h"
#include "model/exported_data.h"
#include "storage/putfile.h"
#include "tagstore/tagstore.h"
#include "worker/context.h"
#include "worker/outage.h"
#include "worker/threads/pool.h"

/* What a job thread has for its attempts, one after the other. */
struct attempt_tools {
    struct worker_context *context;
    struct pool *pool;
    int slot; /* in the pool */
    struct watch *watch;
    struct pg *pg;     /* for all rows of exportd and of exports */
    struct pg *tag_pg; /* for the tagstore */
    struct tagstore *tagstore;
    struct upload_locks locks;
    struct blob_store *store;
    struct arena *arena;         /* reset after each job */
    struct arena *outcome_arena; /* reset before each try to write an outcome */
    struct outage postgres_outage;
};

/* The file of an export while it is made. */
struct assembly {
    struct sink *sink; /* the temporary file; NULL before it is open */
    struct job_progress progress;
    int64_t rows_expected;          /* 0: not known */
    int64_t reported_ms;            /* when progress was last written (monotonic) */
    bool truncated;                 /* there were more rows than the limit */
    int64_t window_from, window_to; /* of the events that were read; USEC_NONE: no bound */
    bool stored;                    /* `file` is stored, and no blob of it is known to be gone */
    struct uploaded_file file;
};

struct attempt {
    struct attempt_tools *tools;
    const struct claim *claim;
    struct exported_data row;
    struct issues_by_tag_payload about; /* key NULL: another query type, or unreadable */
    struct assembly assembly;

    /* How it ends. */
    int64_t delay_ms;    /* until the next attempt */
    bool counted;        /* the attempt counts as a failure of the job */
    const char *reason;  /* for the user: a failure's sentence, or the error of a postponement */
    const char *cause;   /* for operators: the error itself */
    bool otherwise;      /* the export's row was gone, or finished, when the outcome was written */
    bool ending;         /* the pool knows that the outcome is about to be committed */
    bool valid;          /* the export is valid, with assembly.progress */
    const char *outcome; /* how it ended, for the metrics; set before a step is tried */
    bool mailed;         /* the outbox may have a new mail */
    struct error error;  /* `reason` and `cause` may point into it */
};

/* Does the work of a claimed job and writes its outcome. Call attempt_free afterwards. */
void attempt_run(struct attempt *attempt, struct attempt_tools *tools, const struct claim *claim);
void attempt_free(struct attempt *attempt);

#endif
