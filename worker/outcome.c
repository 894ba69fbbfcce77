#include "worker/outcome.h"

#include "base/fault.h"
#include "base/text.h"
#include "export/names.h"
#include "export/payload.h"
#include "export/query_type.h"
#include "mail/mime.h"
#include "model/file.h"
#include "model/outbox_mail.h"

/* ---- the mail ---- */

/* Puts the mail into the outbox, or notes why there is none. */
static bool queue_mail(struct job_thread *thread, const struct claim *claim, const char *recipient,
                       const struct mail_content *content, struct error *error)
{
    const char *sender = thread->context->config->mail_from;
    char message_id[MAIL_MESSAGE_ID_MAX];
    struct buffer mime;
    buffer_init(&mime, MAIL_MAX);
    struct mail_envelope envelope = {.sender = sender,
                                     .recipient = recipient,
                                     .message_id = message_id,
                                     .date = clock_wall_usec()};
    bool done = mail_message_id(sender, claim->data_export_id, claim->attempt, message_id, error) &&
                mail_print(&envelope, content, &mime, error) &&
                outbox_mail_insert(thread->pg, claim->data_export_id, message_id, recipient,
                                   mime.data, error);
    buffer_free(&mime);
    return done;
}

/* *recipient is NULL, and *why says why, when the export's user cannot be mailed to: the export
   counts all the same. */
static void find_recipient(const struct exported_data_locked *export, const char **recipient,
                           const char **why)
{
    struct error unusable;
    *recipient = NULL;
    if (export->email == NULL)
        *why = "not mailed: the user is gone";
    else if (export->email[0] == '\0')
        *why = "not mailed: the user has no address";
    else if (!mail_check_address(export->email, &unusable))
        *why = "not mailed: the user's address cannot be used";
    else
        *recipient = export->email;
}

/* Says in log and status that nobody is mailed; a failure's sentence stays readable before it. */
static bool note_no_mail(struct job_thread *thread, const struct claim *claim, const char *sentence,
                         const char *why, struct error *error)
{
    LOG(LOG_WARNING, "mail.none", log_text("reason", why));
    const char *note = why;
    if (sentence != NULL)
        note = arena_printf(thread->outcome_arena, error, "%s (%s)", sentence, why);
    return note != NULL && claim_note(thread->pg, claim, note, error);
}

static bool mail_success(struct job_thread *thread, const struct claim *claim,
                         const struct exported_data_locked *export, const struct assembly *assembly,
                         struct error *error)
{
    const struct config *config = thread->context->config;
    const char *recipient = NULL;
    const char *why = NULL;
    struct success_mail mail = {.url_prefix = config->url_prefix,
                                .data_export_id = export->row.id,
                                .date_expired =
                                    exported_data_expiry(export, config->expiration_days),
                                .organization_slug = export->organization_slug,
                                .rows = assembly->progress.rows,
                                .bytes = assembly->progress.bytes,
                                .limit = assembly->limit};
    struct mail_content content;
    find_recipient(export, &recipient, &why);
    if (recipient == NULL)
        return note_no_mail(thread, claim, NULL, why, error);
    if (export->organization_slug == NULL)
        return error_set(error, ERROR_NOT_FOUND, "there is no organization %" PRId64,
                         export->row.organization_id);
    return mail_render_success(&mail, thread->outcome_arena, &content, error) &&
           queue_mail(thread, claim, recipient, &content, error);
}

static bool mail_failure(struct job_thread *thread, const struct claim *claim,
                         const struct exported_data_locked *export, const char *sentence,
                         struct error *error)
{
    const struct exported_data *row = &export->row;
    const char *recipient = NULL;
    const char *why = NULL;
    struct failure_mail mail = {.url_prefix = thread->context->config->url_prefix,
                                .date_added = row->date_added,
                                .error_message = sentence};
    struct mail_content content;
    find_recipient(export, &recipient, &why);
    if (recipient == NULL)
        return note_no_mail(thread, claim, sentence, why, error);
    return payload_print(row->query_info, query_type_name(row->query_type), thread->outcome_arena,
                         &mail.payload, error) &&
           mail_render_failure(&mail, thread->outcome_arena, &content, error) &&
           queue_mail(thread, claim, recipient, &content, error);
}

/* ---- the transaction ---- */

/* Begins the transaction and takes its first two locks, in one round trip: the fence, then the
   export's row. *result is OUTCOME_DONE when both are ours. */
static bool begin(struct job_thread *thread, const struct claim *claim, const struct claim_end *end,
                  struct exported_data_locked *export, enum outcome_result *result,
                  struct error *error)
{
    enum { FENCE = 2, ROW = 3 }; /* after the two statements of pg_batch_add_begin */
    struct pg_batch batch;
    pg_batch_init(&batch, thread->pg);
    bool done = pg_batch_add_begin(&batch, error) && claim_end_add(&batch, claim, end, error) &&
                exported_data_lock_add(&batch, claim->data_export_id, error) &&
                pg_batch_run(&batch, error);
    *result = OUTCOME_DONE;
    done = done && claim_end_passed(claim, batch.results[FENCE], error);
    if (done &&
        !exported_data_lock_read(batch.results[ROW], thread->outcome_arena, export, error)) {
        done = error->code == ERROR_NOT_FOUND;
        *result = OUTCOME_ROW_GONE;
    } else if (done && export->row.date_finished != USEC_NONE) {
        *result = OUTCOME_FINISHED;
    }
    pg_batch_free(&batch);
    return done;
}

/* What was begun for an outcome is undone, and another end of the job recorded instead. */
static bool end_otherwise(struct job_thread *thread, const struct claim *claim,
                          enum outcome_result result, struct error *error)
{
    bool gone = result == OUTCOME_ROW_GONE;
    const struct claim_end end = {
        .state = gone ? "gone" : "valid",
        .outcome = gone ? "gone" : "valid",
        .message = gone ? "the export was deleted while it ran" : "finished by somebody else",
        .delay_ms = -1,
    };
    pg_rollback(thread->pg);
    if (pg_begin(thread->pg, error) && claim_end(thread->pg, claim, &end, error) &&
        pg_commit(thread->pg, error))
        return true;
    pg_rollback(thread->pg);
    return false;
}

static bool commit(struct job_thread *thread, struct error *error)
{
    return FAULT("before_commit", error) && pg_commit(thread->pg, error) &&
           FAULT("after_commit", error);
}

static bool finish_row(struct job_thread *thread, const struct exported_data_locked *export,
                       const struct uploaded_file *uploaded, bool *complete, struct error *error)
{
    char name[EXPORT_FILE_NAME_MAX];
    const struct row_format *format = row_format_default();
    int64_t days = thread->context->config->expiration_days;
    const struct export_file file = {.name = export_file_name(&export->row, format, name),
                                     .type = format->file_type,
                                     .content_type = format->content_type,
                                     .date_expired = exported_data_expiry(export, days),
                                     .size = uploaded->size,
                                     .checksum = uploaded->checksum,
                                     .blob_ids = uploaded->blob_ids,
                                     .blob_sizes = uploaded->blob_sizes,
                                     .blob_count = uploaded->blob_count};
    return exported_data_finish(thread->pg, export->row.id, &file, complete, error);
}

/* *complete is false when a blob is gone: nothing may be committed then. */
static bool write_valid(struct job_thread *thread, const struct claim *claim,
                        const struct assembly *assembly, const struct exported_data_locked *export,
                        bool *complete, struct error *error)
{
    const struct exported_data *row = &export->row;
    if ((row->file_id != 0 && !file_delete(thread->pg, row->file_id, error)) ||
        !finish_row(thread, export, &assembly->file, complete, error))
        return false;
    return !*complete ||
           (mail_success(thread, claim, export, assembly, error) && commit(thread, error));
}

bool outcome_valid(struct job_thread *thread, const struct claim *claim,
                   const struct assembly *assembly, enum outcome_result *result,
                   struct error *error)
{
    const struct claim_end end = {
        .state = "valid", .outcome = "valid", .delay_ms = -1, .progress = assembly->progress};
    struct exported_data_locked export;
    bool complete = true;
    bool done = begin(thread, claim, &end, &export, result, error);
    if (done && *result != OUTCOME_DONE)
        return end_otherwise(thread, claim, *result, error);
    done = done && write_valid(thread, claim, assembly, &export, &complete, error);
    if (!done || !complete)
        pg_rollback(thread->pg);
    if (!complete)
        *result = OUTCOME_BLOB_GONE;
    return done;
}

static bool write_failed(struct job_thread *thread, const struct claim *claim,
                         const struct exported_data_locked *export, const char *sentence,
                         struct error *error)
{
    const struct exported_data *row = &export->row;
    return mail_failure(thread, claim, export, sentence, error) &&
           (row->file_id == 0 || file_delete(thread->pg, row->file_id, error)) &&
           exported_data_delete(thread->pg, row->id, error);
}

bool outcome_failed(struct job_thread *thread, const struct claim *claim, const char *sentence,
                    const struct job_progress *progress, enum outcome_result *result,
                    struct error *error)
{
    const struct claim_end end = {.state = "failed",
                                  .outcome = "failed",
                                  .message = sentence,
                                  .delay_ms = -1,
                                  .progress = *progress};
    struct exported_data_locked export;
    if (!begin(thread, claim, &end, &export, result, error))
        goto failed;
    if (*result != OUTCOME_DONE)
        return end_otherwise(thread, claim, *result, error);
    if (write_failed(thread, claim, &export, sentence, error) && commit(thread, error))
        return true;
failed:
    pg_rollback(thread->pg);
    return false;
}

bool outcome_postponed(struct job_thread *thread, const struct claim *claim, int64_t delay_ms,
                       bool counted, const char *reason, const struct job_progress *progress,
                       struct error *error)
{
    const struct claim_end end = {
        .state = delay_ms > 0 ? "delayed" : "waiting",
        .outcome = delay_ms > 0 ? "delayed" : "given-back",
        .message = reason,
        .failures_added = counted ? 1 : 0,
        .delay_ms = delay_ms > 0 ? delay_ms : -1,
        .progress = *progress,
    };
    if (pg_begin(thread->pg, error) && claim_end(thread->pg, claim, &end, error) &&
        commit(thread, error))
        return true;
    pg_rollback(thread->pg);
    return false;
}

bool outcome_was_committed(struct job_thread *thread, const struct claim *claim, bool *committed,
                           struct error *error)
{
    *committed = false;
    return pg_connect(thread->pg, error) && claim_has_ended(thread->pg, claim, committed, error);
}
