/* SPDX-License-Identifier: Apache-2.0 */
/* The mail that is a part of an outcome. */
#include "worker/attempt/steps.h"

#include "base/text.h"
#include "export/payload.h"
#include "export/query_type.h"
#include "mail/mime.h"
#include "model/outbox_mail.h"

static bool put(const struct attempt *attempt, const char *recipient,
                const struct mail_content *content, struct pg_batch *batch, struct error *error)
{
    const struct claim *claim = &attempt->claim;
    const char *sender = attempt->tools->context->config->mail_from;
    char message_id[MAIL_MESSAGE_ID_MAX];
    struct buffer mime;
    buffer_init(&mime, MAIL_MAX);
    struct mail_envelope envelope = {.sender = sender,
                                     .recipient = recipient,
                                     .message_id = message_id,
                                     .date = clock_wall_usec()};
    bool done =
        mail_message_id(sender, claim->data_export_id, claim->attempt, message_id, error) &&
        mail_print(&envelope, content, &mime, error) &&
        outbox_mail_insert_add(batch,
                               &(struct outbox_mail){.data_export_id = claim->data_export_id,
                                                     .message_id = message_id,
                                                     .recipient = recipient,
                                                     .mime = mime.data},
                               error);
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

/* Says in log and status that there is no mail; a failure's sentence stays readable before it. */
static bool note_no_mail(const struct attempt *attempt, const char *sentence, const char *why,
                         struct pg_batch *batch, struct error *error)
{
    LOG(LOG_WARNING, "mail.none", log_text("reason", why));
    const char *note = why;
    if (sentence != NULL)
        note = arena_printf(attempt->tools->outcome_arena, error, "%s (%s)", sentence, why);
    return note != NULL && claim_note_add(batch, &attempt->claim, note, error);
}

bool outcome_mail_success(const struct attempt *attempt, const struct exported_data_locked *export,
                          struct pg_batch *batch, struct error *error)
{
    const struct assembly *assembly = &attempt->assembly;
    const struct config *config = attempt->tools->context->config;
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
        return note_no_mail(attempt, NULL, why, batch, error);
    if (export->organization_slug == NULL)
        return error_set(error, ERROR_NOT_FOUND, "there is no organization %" PRId64,
                         export->row.organization_id);
    return mail_render_success(&mail, attempt->tools->outcome_arena, &content, error) &&
           put(attempt, recipient, &content, batch, error);
}

bool outcome_mail_failure(const struct attempt *attempt, const struct exported_data_locked *export,
                          struct pg_batch *batch, struct error *error)
{
    struct arena *arena = attempt->tools->outcome_arena;
    const struct exported_data *row = &export->row;
    const char *recipient = NULL;
    const char *why = NULL;
    struct failure_mail mail = {.url_prefix = attempt->tools->context->config->url_prefix,
                                .date_added = row->date_added,
                                .error_message = attempt->reason};
    struct mail_content content;
    find_recipient(export, &recipient, &why);
    if (recipient == NULL)
        return note_no_mail(attempt, attempt->reason, why, batch, error);
    return payload_print(row->query_info, query_type_name(row->query_type), arena, &mail.payload,
                         error) &&
           mail_render_failure(&mail, arena, &content, error) &&
           put(attempt, recipient, &content, batch, error);
}
