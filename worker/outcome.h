/*
 * Outcomes: the one transaction that ends an attempt. Its locks are always taken in this order: the
 * job's row in exportd.export (the fence), the export's row, an old file's rows, the blobs of the
 * new one, the outbox.
 */
#ifndef WORKER_OUTCOME_H
#define WORKER_OUTCOME_H

#include "worker/assemble_download.h"

enum outcome_result {
    OUTCOME_DONE,      /* committed */
    OUTCOME_BLOB_GONE, /* nothing changed: a blob is not to be had, store the file again */
    OUTCOME_ROW_GONE,  /* the export's row was deleted meanwhile: the job is GONE now */
    OUTCOME_FINISHED,  /* somebody else has finished the export: nothing more to do */
};

/* valid: blobs locked, file and index rows, the export's row finished, the mail in the outbox. */
bool outcome_valid(struct job_thread *thread, const struct claim *claim,
                   const struct assembly *assembly, enum outcome_result *result,
                   struct error *error) MUST_CHECK;

/* failed: the failure mail in the outbox, the export's row (and its file, if any) deleted;
   exportd.export keeps the sentence. */
bool outcome_failed(struct job_thread *thread, const struct claim *claim, const char *sentence,
                    const struct job_progress *progress, enum outcome_result *result,
                    struct error *error) MUST_CHECK;

/* Not over: back to the queue at once (delay_ms 0) or after a pause. `counted`: the attempt failed
   by the job's own doing. */
bool outcome_postponed(struct job_thread *thread, const struct claim *claim, int64_t delay_ms,
                       bool counted, const char *reason, const struct job_progress *progress,
                       struct error *error) MUST_CHECK;

/* After an outcome whose COMMIT had no answer, with a connection made anew if need be: whether it
   was committed after all. ERROR_LOST: somebody else has ended the attempt. */
bool outcome_was_committed(struct job_thread *thread, const struct claim *claim, bool *committed,
                           struct error *error) MUST_CHECK;

#endif
