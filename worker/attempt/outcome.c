/* SPDX-License-Identifier: Apache-2.0 */
/* The transaction that ends an attempt. */
#include "base/fault.h"
#include "export/names.h"
#include "model/file.h"
#include "worker/attempt/steps.h"

/* Begins the transaction and takes its first two locks, in one round trip: the fence, then the
   export's row. *result is OUTCOME_DONE when both are ours. */
static bool begin(struct attempt *attempt, const struct claim_end *end,
                  struct exported_data_locked *export, enum outcome_result *result,
                  struct error *error)
{
    enum { FENCE = 2, ROW = 3 }; /* after the two statements of pg_batch_add_begin */
    struct arena *arena = attempt->tools->outcome_arena;
    const struct claim *claim = &attempt->claim;
    struct pg_batch batch;
    pg_batch_init(&batch, attempt->tools->pg);
    bool done = pg_batch_add_begin(&batch, error) && claim_end_add(&batch, claim, end, error) &&
                exported_data_lock_add(&batch, claim->data_export_id, error) &&
                pg_batch_run(&batch, error) && claim_end_passed(claim, batch.results[FENCE], error);
    *result = OUTCOME_DONE;
    if (done && !exported_data_lock_read(batch.results[ROW], arena, export, error)) {
        done = error->code == ERROR_NOT_FOUND;
        *result = OUTCOME_ROW_GONE;
    } else if (done && export->row.date_finished != USEC_NONE) {
        *result = OUTCOME_FINISHED;
    }
    pg_batch_free(&batch);
    return done;
}

static bool commit(struct attempt *attempt, struct error *error)
{
    return FAULT("before_commit", error) && pg_commit(attempt->tools->pg, error) &&
           FAULT("after_commit", error);
}

/* The whole transaction where only the fence is written. */
static bool end_only(struct attempt *attempt, const struct claim_end *end, struct error *error)
{
    struct pg *pg = attempt->tools->pg;
    bool done =
        pg_begin(pg, error) && claim_end(pg, &attempt->claim, end, error) && commit(attempt, error);
    if (!done)
        pg_rollback(pg);
    return done;
}

/* What was begun for an outcome is undone, and another end of the job recorded instead. */
static bool end_otherwise(struct attempt *attempt, enum outcome_result result, struct error *error)
{
    bool gone = result == OUTCOME_ROW_GONE;
    const struct claim_end end = {
        .state = gone ? "gone" : "valid",
        .outcome = gone ? "gone" : "valid",
        .message = gone ? "the export was deleted while it ran" : "finished by another program",
        .delay_ms = -1,
    };
    pg_rollback(attempt->tools->pg);
    return end_only(attempt, &end, error);
}

/* ---- valid ---- */

/* *complete is false when a blob is gone: nothing may be committed then. */
static bool finish_row(struct attempt *attempt, const struct exported_data_locked *export,
                       bool *complete, struct error *error)
{
    char name[EXPORT_FILE_NAME_MAX];
    const struct row_format *format = row_format_default();
    const struct uploaded_file *uploaded = &attempt->assembly.file;
    int64_t days = attempt->tools->context->config->expiration_days;
    const struct export_file file = {.name = export_file_name(&export->row, format, name),
                                     .type = format->file_type,
                                     .content_type = format->content_type,
                                     .date_expired = exported_data_expiry(export, days),
                                     .size = uploaded->size,
                                     .checksum = uploaded->checksum,
                                     .blob_ids = uploaded->blob_ids,
                                     .blob_sizes = uploaded->blob_sizes,
                                     .blob_count = uploaded->blob_count};
    return exported_data_finish(attempt->tools->pg, export->row.id, &file, complete, error);
}

static bool delete_old_file(struct attempt *attempt, const struct exported_data_locked *export,
                            struct error *error)
{
    return export->row.file_id == 0 || file_delete(attempt->tools->pg, export->row.file_id, error);
}

bool outcome_valid(struct attempt *attempt, enum outcome_result *result, struct error *error)
{
    const struct claim_end end = {.state = "valid",
                                  .outcome = "valid",
                                  .delay_ms = -1,
                                  .progress = attempt->assembly.progress};
    struct exported_data_locked export;
    bool complete = true;
    bool done = begin(attempt, &end, &export, result, error);
    if (done && *result != OUTCOME_DONE)
        return end_otherwise(attempt, *result, error);
    done = done && delete_old_file(attempt, &export, error) &&
           finish_row(attempt, &export, &complete, error);
    if (done && complete)
        done = outcome_mail_success(attempt, &export, error) && commit(attempt, error);
    if (!complete)
        *result = OUTCOME_BLOB_GONE;
    if (!done || !complete)
        pg_rollback(attempt->tools->pg);
    return done;
}

/* ---- failed, postponed ---- */

bool outcome_failed(struct attempt *attempt, enum outcome_result *result, struct error *error)
{
    const struct claim_end end = {.state = "failed",
                                  .outcome = "failed",
                                  .message = attempt->reason,
                                  .delay_ms = -1,
                                  .progress = attempt->assembly.progress};
    struct pg *pg = attempt->tools->pg;
    struct exported_data_locked export;
    bool done = begin(attempt, &end, &export, result, error);
    if (done && *result != OUTCOME_DONE)
        return end_otherwise(attempt, *result, error);
    done = done && outcome_mail_failure(attempt, &export, error) &&
           delete_old_file(attempt, &export, error) &&
           exported_data_delete(pg, export.row.id, error) && commit(attempt, error);
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
        .failures_added = attempt->counted ? 1 : 0,
        .delay_ms = delayed ? attempt->delay_ms : -1,
        .progress = attempt->assembly.progress,
    };
    return end_only(attempt, &end, error);
}

bool outcome_was_committed(struct attempt *attempt, bool *committed, struct error *error)
{
    struct pg *pg = attempt->tools->pg;
    *committed = false;
    return pg_connect(pg, error) && claim_has_ended(pg, &attempt->claim, committed, error);
}
