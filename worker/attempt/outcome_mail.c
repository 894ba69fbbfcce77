/* SPDX-License-Identifier: Apache-2.0 */
/* The mail that is a part of an outcome: composed first, then added to the last batch. */
#include "worker/attempt/steps.h"

#include "base/text.h"
#include "export/payload.h"
#include "export/query_type.h"
#include "model/outbox_mail.h"

/* If the export's user cannot be mailed, *recipient is NULL and *why says why. This is no error:
   the export is valid without a mail. */
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

/* Logs that there is no mail, and makes the note for the status. After a failure, the note begins
   with the failure's sentence. */
static bool record_no_mail(const struct attempt *attempt, const char *sentence, const char *why,
                           struct outcome_mail *mail, struct error *error)
{
    LOG(LOG_WARNING, "mail.none", log_text("reason", why));
    mail->note = sentence == NULL
                     ? why
                     : arena_printf(attempt->tools->outcome_arena, error, "%s (%s)", sentence, why);
    return mail->note != NULL;
}

static struct mail_facts facts_of(const struct attempt *attempt, const struct issue *issue)
{
    const struct issues_by_tag_payload *about = &attempt->about;
    return (struct mail_facts){.beside_sentry = issue->beside_sentry,
                               .url_prefix = attempt->tools->context->config->url_prefix,
                               .data_export_id = attempt->claim->data_export_id,
                               .group_id = about->group_id > 0 ? about->group_id : 0,
                               .short_id = issue->short_id,
                               .title = issue->title,
                               .key = about->key,
                               .project = issue->project};
}

static bool print_mail(const struct attempt *attempt, const struct mail_content *content,
                       struct outcome_mail *mail, struct error *error)
{
    const struct claim *claim = attempt->claim;
    const char *sender = attempt->tools->context->config->mail_from;
    const struct mail_envelope envelope = {.sender = sender,
                                           .sender_name =
                                               attempt->tools->context->config->mail_from_name,
                                           .recipient = mail->recipient,
                                           .message_id = mail->message_id,
                                           .date = clock_wall_usec()};
    return mail_message_id(sender, claim->data_export_id, claim->attempt, mail->message_id,
                           error) &&
           mail_print(&envelope, content, &mail->mime, error);
}

void outcome_mail_init(struct outcome_mail *mail)
{
    *mail = (struct outcome_mail){.note = NULL};
    buffer_init(&mail->mime, MAIL_MAX);
}

void outcome_mail_free(struct outcome_mail *mail)
{
    buffer_free(&mail->mime);
}

bool outcome_mail_success(const struct attempt *attempt, const struct exported_data_locked *export,
                          const struct issue *issue, struct outcome_mail *mail, struct error *error)
{
    const struct assembly *assembly = &attempt->assembly;
    const struct config *config = attempt->tools->context->config;
    const char *why = NULL;
    struct success_mail success = {.facts = facts_of(attempt, issue),
                                   .date_expired =
                                       exported_data_expiry(export, config->expiration_days),
                                   .organization_slug = export->organization_slug,
                                   .rows = assembly->progress.rows,
                                   .bytes = assembly->progress.bytes,
                                   .truncated = assembly->truncated};
    struct mail_content content;
    find_recipient(export, &mail->recipient, &why);
    if (mail->recipient == NULL)
        return record_no_mail(attempt, NULL, why, mail, error);
    if (export->organization_slug == NULL)
        return error_set(error, ERROR_NOT_FOUND, "there is no organization %" PRId64,
                         export->row.organization_id);
    return mail_render_success(&success, attempt->tools->outcome_arena, &content, error) &&
           print_mail(attempt, &content, mail, error);
}

bool outcome_mail_failure(const struct attempt *attempt, const struct exported_data_locked *export,
                          const struct issue *issue, struct outcome_mail *mail, struct error *error)
{
    struct arena *arena = attempt->tools->outcome_arena;
    const struct exported_data *row = &export->row;
    const char *why = NULL;
    struct failure_mail failure = {.facts = facts_of(attempt, issue),
                                   .date_added = row->date_added,
                                   .code = attempt->error.code,
                                   .error_message = attempt->reason};
    struct mail_content content;
    find_recipient(export, &mail->recipient, &why);
    if (mail->recipient == NULL)
        return record_no_mail(attempt, attempt->reason, why, mail, error);
    return payload_print(row->query_info, query_type_name(row->query_type), arena, &failure.payload,
                         error) &&
           mail_render_failure(&failure, arena, &content, error) &&
           print_mail(attempt, &content, mail, error);
}

bool outcome_mail_add(const struct attempt *attempt, const struct outcome_mail *mail,
                      struct pg_batch *batch, struct error *error)
{
    const struct claim *claim = attempt->claim;
    const struct outbox_mail row = {.data_export_id = claim->data_export_id,
                                    .message_id = mail->message_id,
                                    .recipient = mail->recipient,
                                    .mime = mail->mime.data};
    return mail->note != NULL ? claim_note_add(batch, claim, mail->note, error)
                              : outbox_mail_insert_add(batch, &row, error);
}
