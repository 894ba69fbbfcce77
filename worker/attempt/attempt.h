/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt at a claimed job: assemble_download, and one transaction that ends it. Of the other
 * threads it knows only the pool, which tells whether the job is still ours and whether it may be
 * big, and is told when the outcome is on its way.
 *
 *     attempt.c            the order of things: load, check, estimate, run
 *     assemble_download.c  the work: rows into a file, the file into blobs
 *     conclude.c           the end: an outcome carried through, or a retry
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

/* What attempts work with, one after the other: a job thread's own. */
struct attempt_tools {
    struct worker_context *context;
    struct pool *pool;
    int slot; /* in the pool */
    struct watch *watch;
    struct pg *pg;     /* rows */
    struct pg *tag_pg; /* the tagstore's */
    struct tagstore *tagstore;
    struct upload_locks locks;
    struct blob_store *store;
    struct arena *arena;         /* of the job in hand */
    struct arena *outcome_arena; /* of one try to write its outcome */
    struct outage postgres_outage;
};

/* The file of an export, on its way. */
struct assembly {
    struct sink *sink; /* the temporary file; NULL before it is open */
    struct job_progress progress;
    int64_t rows_expected;          /* 0: not known */
    int64_t reported_ms;            /* when it was written to exportd.export last (monotonic) */
    bool truncated;                 /* there were more rows than the limit */
    int64_t window_from, window_to; /* of the events that were looked at; USEC_NONE: no bound */
    bool stored;                    /* `file` is, and no blob of it is known to be gone */
    struct uploaded_file file;
};

struct attempt {
    struct attempt_tools *tools;
    const struct claim *claim;
    struct exported_data row;
    struct issues_by_tag_payload about; /* key NULL: no tag of an issue, or not to be read */
    struct assembly assembly;

    /* What becomes of it. */
    int64_t delay_ms;   /* to the next attempt */
    bool counted;       /* as a failure of the job's own */
    const char *reason; /* the sentence or the error */
    const char *cause;  /* in the words of the servers */
    bool otherwise;     /* the export's row was gone, or finished, when the outcome was written */
    bool ending;        /* the pool knows that the outcome is on its way */
    bool valid;         /* the export is, with assembly.progress */
    bool mailed;        /* the outbox has something new */
    struct error error; /* what `reason` and `cause` may point to */
};

/* Does the work of a claimed job and writes its outcome. attempt_free afterwards. */
void attempt_run(struct attempt *attempt, struct attempt_tools *tools, const struct claim *claim);
void attempt_free(struct attempt *attempt);

#endif
