/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt at a job, from its message to its outcome: claim, assemble_download, one transaction.
 * It knows neither the queue in Redis nor the other threads: how the message leaves the worker's
 * hands is its result.
 *
 *     attempt.c            the order of things: read, claim, run
 *     assemble_download.c  the work: rows into a file, the file into blobs
 *     conclude.c           the end: an outcome carried through, or a retry
 *     outcome.c            the one transaction that ends an attempt
 *     outcome_mail.c       the mail that is a part of it
 */
#ifndef WORKER_ATTEMPT_ATTEMPT_H
#define WORKER_ATTEMPT_ATTEMPT_H

#include "format/sink.h"
#include "job/claim.h"
#include "job/queue.h"
#include "storage/putfile.h"
#include "tagstore/tagstore.h"
#include "worker/context.h"
#include "worker/outage.h"

/* What attempts work with, one after the other: a job thread's own. */
struct attempt_tools {
    struct worker_context *context;
    struct watch *watch;
    struct pg *pg;     /* rows */
    struct pg *tag_pg; /* the tagstore's */
    struct tagstore *tagstore;
    struct redis *locks; /* upload locks */
    struct blob_store *store;
    struct arena *arena;         /* of the job in hand */
    struct arena *outcome_arena; /* of one try to write its outcome */
    struct outage postgres_outage;
};

/* How a message leaves the worker's hands. */
enum message_end {
    MESSAGE_STAYS, /* in the processing list: row and message are rescued together */
    MESSAGE_ACKNOWLEDGED,
    MESSAGE_GIVEN_BACK, /* to the queue, at once */
    MESSAGE_DELAYED,    /* by delay_ms */
    MESSAGE_BURIED,     /* to the dead list, because of reason */
};

/* The file of an export, on its way. */
struct assembly {
    struct sink *sink; /* the temporary file; NULL before it is open */
    struct job_progress progress;
    int64_t reported_ms; /* when it was written to exportd.export last (monotonic) */
    int64_t limit;       /* of rows; 0: none */
    bool stored;         /* `file` is, and no blob of it is known to be gone */
    struct uploaded_file file;
};

struct attempt {
    struct attempt_tools *tools;
    struct job_message message;
    int64_t crashes; /* workers that died while they held the message */
    struct claim claim;
    struct assembly assembly;

    /* The result. */
    enum message_end end;
    int64_t delay_ms;
    bool counted;       /* as a failure of the job's own */
    const char *reason; /* the sentence or the error */
    bool valid;         /* the export is, with assembly.progress */
    bool mailed;        /* the outbox has something new */
    struct error error; /* what `reason` may point to */
};

/* Reads the message of a ticket. False: the attempt is over, because the message is unreadable or
   comes too early. attempt_free in any case. */
bool attempt_read(struct attempt *attempt, struct attempt_tools *tools,
                  const struct job_ticket *ticket);

/* Claims the job, while PostgreSQL comes and goes. False: the attempt is over. */
bool attempt_claim(struct attempt *attempt);

/* Does the work of a claimed job and writes its outcome. */
void attempt_run(struct attempt *attempt);

void attempt_free(struct attempt *attempt);

#endif
