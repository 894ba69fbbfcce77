/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transaction that ends an attempt, in two round trips. The first takes all locks and reads
 * what the outcome depends on. The second writes and commits.
 * Tested by tests/system/test_worker.py and tests/system/test_database_trouble.py.
 */
#include "base/fault.h"
#include "export/names.h"
#include "model/file.h"
#include "worker/attempt/steps.h"

/* An outcome whose transaction has begun. */
struct outcome {
    struct attempt *attempt;
    const struct uploaded_file *file; /* the new file of the export; NULL: none */
    struct exported_data_locked export;
    struct issue issue; /* for the mail */
    enum outcome_result result;
};

/* ---- begin and end ---- */

/* Takes the locks in their order: the fence, the export's row, the blobs of the file. Reads also
   what the mail says about the issue. */
static bool add_locks(struct pg_batch *batch, const struct outcome *outcome,
                      const struct claim_end *end, struct error *error)
{
    const struct attempt *attempt = outcome->attempt;
    const struct claim *claim = attempt->claim;
    const struct uploaded_file *file = outcome->file;
    const struct issue_ids ids = {.organization_id = attempt->row.organization_id,
                                  .project_id = attempt->about.project_id,
                                  .group_id = attempt->about.group_id};
    return pg_batch_add_begin(batch, error) && claim_end_add(batch, claim, end, error) &&
           exported_data_lock_add(batch, claim->data_export_id, error) &&
           issue_describe_add(batch, &ids, error) &&
           (file == NULL || file_blobs_hold_add(batch, file->blob_ids, file->blob_count, error));
}

/* outcome->result is OUTCOME_DONE if the outcome may be written. */
static bool begin_outcome(struct outcome *outcome, const struct claim_end *end, struct error *error)
{
    enum { FENCE = 2, ROW, ISSUE, BLOBS }; /* after the two statements of pg_batch_add_begin */
    struct attempt *attempt = outcome->attempt;
    struct arena *arena = attempt->tools->outcome_arena;
    struct exported_data_locked *export = &outcome->export;
    struct pg_batch batch;
    pg_batch_init(&batch, attempt->tools->pg);
    bool done = add_locks(&batch, outcome, end, error) && pg_batch_run(&batch, error) &&
                claim_end_passed(attempt->claim, batch.results[FENCE], error) &&
                issue_describe_read(batch.results[ISSUE], arena, &outcome->issue, error);
    outcome->result = OUTCOME_DONE;
    if (done && !exported_data_lock_read(batch.results[ROW], arena, export, error)) {
        done = error->code == ERROR_NOT_FOUND;
        outcome->result = OUTCOME_ROW_GONE;
    } else if (done && export->row.date_added != attempt->claim->date_added) {
        outcome->result = OUTCOME_ROW_GONE; /* another export came under this id */
    } else if (done && export->row.date_finished != USEC_NONE) {
        outcome->result = OUTCOME_FINISHED;
    } else if (done && outcome->file != NULL && pg_int(batch.results[BLOBS], 0, 0) > 0) {
        outcome->result = OUTCOME_BLOB_GONE;
    }
    pg_batch_free(&batch);
    return done;
}

/* The whole transaction, if only the job's own row (the fence) is written. */
static bool end_only(struct attempt *attempt, const struct claim_end *end, struct error *error)
{
    struct pg *pg = attempt->tools->pg;
    bool done = pg_begin(pg, error) && claim_end(pg, attempt->claim, end, error) &&
                FAULT("before_commit", error) && pg_commit(pg, error) &&
                FAULT("after_commit", error);
    if (!done)
        pg_rollback(pg);
    return done;
}

bool outcome_otherwise(struct attempt *attempt, enum outcome_result result, struct error *error)
{
    bool gone = result == OUTCOME_ROW_GONE;
    const struct claim_end end = {
        .state = gone ? "gone" : "valid",
        .outcome = gone ? "gone" : "valid",
        .message = gone ? "the export's row was deleted" : "finished by another program",
        .delay_ms = -1,
        .window_from = USEC_NONE,
        .window_to = USEC_NONE,
    };
    return end_only(attempt, &end, error);
}

/* Undoes what was begun for an outcome, and writes another end of the job instead. If a blob is
   gone, writes nothing: the file can be stored again. */
static bool end_otherwise(const struct outcome *outcome, struct error *error)
{
    pg_rollback(outcome->attempt->tools->pg);
    return outcome->result == OUTCOME_BLOB_GONE ||
           outcome_otherwise(outcome->attempt, outcome->result, error);
}

/* ---- valid ---- */

static bool add_finish(struct pg_batch *batch, const struct outcome *outcome, struct error *error)
{
    char name[EXPORT_FILE_NAME_MAX];
    const struct attempt *attempt = outcome->attempt;
    const struct exported_data *row = &outcome->export.row;
    const struct row_format *format = row_format_default();
    const struct uploaded_file *uploaded = outcome->file;
    int64_t days = attempt->tools->context->config->expiration_days;
    const struct export_file file = {.name = export_file_name(row, format, name),
                                     .type = format->file_type,
                                     .content_type = format->content_type,
                                     .date_expired = exported_data_expiry(&outcome->export, days),
                                     .size = uploaded->size,
                                     .checksum = uploaded->checksum,
                                     .blob_ids = uploaded->blob_ids,
                                     .blob_sizes = uploaded->blob_sizes,
                                     .blob_count = uploaded->blob_count};
    return exported_data_finish_add(batch, row->id, &file, error);
}

static bool delete_old_file(const struct outcome *outcome, struct error *error)
{
    int64_t file_id = outcome->export.row.file_id;
    return file_id == 0 || file_delete(outcome->attempt->tools->pg, file_id, error);
}

/* The last batch is sent at once, without a pause. A server that has a part of it does not count
   the transaction as idle. If this process were stopped then, the server would never end the
   transaction. */
static bool write_and_commit(const struct outcome *outcome, const struct outcome_mail *mail,
                             struct error *error)
{
    struct pg_batch last;
    pg_batch_init(&last, outcome->attempt->tools->pg);
    bool done = FAULT("before_commit", error) &&
                (outcome->file == NULL || add_finish(&last, outcome, error)) &&
                outcome_mail_add(outcome->attempt, mail, &last, error) &&
                pg_batch_commit(&last, error) && FAULT("after_commit", error);
    pg_batch_free(&last);
    return done;
}

/* From now on the claimer may claim the next job. Only the first try does this: a second one may
   take long. */
static void announce_end(struct attempt *attempt)
{
    if (!attempt->ending)
        pool_end(attempt->tools->pool, attempt->tools->slot);
    attempt->ending = true;
}

bool outcome_valid(struct attempt *attempt, enum outcome_result *result, struct error *error)
{
    const struct assembly *assembly = &attempt->assembly;
    const struct claim_end end = {.state = "valid",
                                  .outcome = "valid",
                                  .delay_ms = -1,
                                  .progress = assembly->progress,
                                  .rows_expected = assembly->rows_expected,
                                  .truncated = assembly->truncated,
                                  .window_from = assembly->window_from,
                                  .window_to = assembly->window_to};
    struct outcome outcome = {.attempt = attempt, .file = &attempt->assembly.file};
    struct outcome_mail mail;
    bool done = begin_outcome(&outcome, &end, error);
    *result = outcome.result;
    if (done && outcome.result != OUTCOME_DONE)
        return end_otherwise(&outcome, error);
    outcome_mail_init(&mail);
    done = done && delete_old_file(&outcome, error) &&
           outcome_mail_success(attempt, &outcome.export, &outcome.issue, &mail, error);
    if (done)
        announce_end(attempt);
    done = done && write_and_commit(&outcome, &mail, error);
    outcome_mail_free(&mail);
    if (!done)
        pg_rollback(attempt->tools->pg);
    return done;
}

/* ---- failed, postponed ---- */

/* If another table refers to the row, it stays and is never finished. exportd.export still says
   that the export has failed. */
static bool delete_row(const struct outcome *outcome, struct error *error)
{
    struct error refusal;
    struct pg *pg = outcome->attempt->tools->pg;
    if (!exported_data_try_delete(pg, outcome->export.row.id, &refusal, error))
        return false;
    if (refusal.code != ERROR_NONE)
        log_error(LOG_ERROR, "dataexport.row-kept", &refusal);
    return true;
}

bool outcome_failed(struct attempt *attempt, enum outcome_result *result, struct error *error)
{
    const struct claim_end end = {.state = "failed",
                                  .outcome = "failed",
                                  .message = attempt->reason,
                                  .cause = attempt->cause,
                                  .delay_ms = -1,
                                  .progress = attempt->assembly.progress,
                                  .rows_expected = attempt->assembly.rows_expected,
                                  .window_from = USEC_NONE,
                                  .window_to = USEC_NONE};
    struct pg *pg = attempt->tools->pg;
    struct outcome outcome = {.attempt = attempt};
    struct outcome_mail mail;
    bool done = begin_outcome(&outcome, &end, error);
    *result = outcome.result;
    if (done && outcome.result != OUTCOME_DONE)
        return end_otherwise(&outcome, error);
    outcome_mail_init(&mail);
    done = done && outcome_mail_failure(attempt, &outcome.export, &outcome.issue, &mail, error) &&
           delete_old_file(&outcome, error) && delete_row(&outcome, error) &&
           write_and_commit(&outcome, &mail, error);
    outcome_mail_free(&mail);
    if (!done)
        pg_rollback(pg);
    return done;
}

bool outcome_postponed(struct attempt *attempt, struct error *error)
{
    bool delayed = attempt->delay_ms > 0;
    const struct claim_end end = {
        .state = delayed ? "delayed" : "waiting",
        .outcome = delayed ? "delayed" : "given-back",
        .message = attempt->reason,
        .cause = attempt->cause,
        .window_from = USEC_NONE,
        .window_to = USEC_NONE,
        .failures_added = attempt->counted ? 1 : 0,
        .delay_ms = delayed ? attempt->delay_ms : -1,
        .progress = attempt->assembly.progress,
        .rows_expected = attempt->assembly.rows_expected,
    };
    return end_only(attempt, &end, error);
}

bool outcome_was_committed(struct attempt *attempt, bool *committed, struct error *error)
{
    struct pg *pg = attempt->tools->pg;
    *committed = false;
    return pg_connect(pg, error) && claim_has_ended(pg, attempt->claim, committed, error);
}
