/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of an attempt, for the other files of this folder. */
#ifndef WORKER_ATTEMPT_STEPS_H
#define WORKER_ATTEMPT_STEPS_H

#include "mail/mime.h"
#include "model/issue.h"
#include "worker/attempt/attempt.h"

/* Whether running jobs go back to the queue, because the worker stops. */
bool attempt_gives_back(const struct attempt *attempt);

/* Waits a second before the next try to reach a server, with a sign of life for the watchdog. */
void attempt_wait_a_moment(const struct attempt *attempt);

/* ERROR_LOST once the heartbeat has found that the job is not ours any more. */
bool attempt_check_ours(const struct attempt *attempt, struct error *error) MUST_CHECK;

/* How an outcome ended. */
enum outcome_result {
    OUTCOME_DONE,      /* committed */
    OUTCOME_BLOB_GONE, /* nothing changed: a blob is gone, so the file must be stored again */
    OUTCOME_ROW_GONE,  /* the export's row was deleted meanwhile: the job is GONE now */
    OUTCOME_FINISHED,  /* another program has finished the export: nothing is left to do */
};

/* ---- assemble_download.c ---- */

/* Writes the rows of a claimed job into a temporary file and stores it as blobs. The errors are
   those that retry_judge knows; ERROR_STOPPED when the worker gives its jobs back. */
bool assemble_download(struct attempt *attempt, struct error *error) MUST_CHECK;

/* Stores the file, unless it is stored already (assembly.stored). To be called again after a blob
   of it has vanished before the outcome. */
bool assemble_store(struct attempt *attempt, struct error *error) MUST_CHECK;

/* For an attempt that leads to no file: removes from the store what it has put there. If that
   fails, the next cleanup does it. */
void assemble_undo(struct attempt *attempt);

/* ---- conclude.c ---- */

/* Writes the outcome of an attempt whose file is stored. False: nothing is written, and
   attempt->error says why. */
bool conclude_valid(struct attempt *attempt);

/* Writes the outcome that attempt->error leads to: failed, postponed or given back. */
void conclude_error(struct attempt *attempt);

/* Writes that there is nothing to do: the export's row is gone, or finished. */
void conclude_otherwise(struct attempt *attempt, enum outcome_result result);

/* ---- outcome.c ----

   The one transaction that ends an attempt. Its locks are always taken in this order: the job's row
   in exportd.export (the fence), the export's row, an old file's rows, the blobs of the new one,
   the outbox. */

/* valid: blobs locked, file and index rows, the export's row finished, the mail in the outbox. */
bool outcome_valid(struct attempt *attempt, enum outcome_result *result,
                   struct error *error) MUST_CHECK;

/* failed, with the sentence attempt->reason: the failure mail in the outbox, the export's row (and
   its file, if any) deleted, unless another table refers to it; exportd.export keeps the sentence.
 */
bool outcome_failed(struct attempt *attempt, enum outcome_result *result,
                    struct error *error) MUST_CHECK;

/* The job has ended without this attempt: `result` is OUTCOME_ROW_GONE or OUTCOME_FINISHED. */
bool outcome_otherwise(struct attempt *attempt, enum outcome_result result,
                       struct error *error) MUST_CHECK;

/* The job is not over, because of attempt->reason. It goes back to the queue at once
   (attempt->delay_ms 0) or after a pause, and counts as a failure or not (attempt->counted). */
bool outcome_postponed(struct attempt *attempt, struct error *error) MUST_CHECK;

/* After an outcome whose COMMIT had no answer: *committed says whether it was committed. Connects
   again if need be. ERROR_LOST: another worker has ended the attempt. */
bool outcome_was_committed(struct attempt *attempt, bool *committed,
                           struct error *error) MUST_CHECK;

/* ---- outcome_mail.c ---- */

/* A mail; or, if the export's user cannot be mailed, a note about that for the status. The export
   is valid in either case. Use it from outcome_mail_init to outcome_mail_free. */
struct outcome_mail {
    const char *note; /* NULL: there is a mail */
    const char *recipient;
    char message_id[MAIL_MESSAGE_ID_MAX];
    struct buffer mime;
};

void outcome_mail_init(struct outcome_mail *mail);
void outcome_mail_free(struct outcome_mail *mail);

/* Both compose the mail, or the note, while the locks are held. */
bool outcome_mail_success(const struct attempt *attempt, const struct exported_data_locked *export,
                          const struct issue *issue, struct outcome_mail *mail,
                          struct error *error) MUST_CHECK;
bool outcome_mail_failure(const struct attempt *attempt, const struct exported_data_locked *export,
                          const struct issue *issue, struct outcome_mail *mail,
                          struct error *error) MUST_CHECK;

/* Adds the statement that puts the mail into the outbox, or the note into the status. */
bool outcome_mail_add(const struct attempt *attempt, const struct outcome_mail *mail,
                      struct pg_batch *batch, struct error *error) MUST_CHECK;

#endif
