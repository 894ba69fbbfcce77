/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_mail_transports.py. */
#include "request/resend.h"

#include "model/audit.h"
#include "model/outbox_mail.h"
#include "request/caller.h"

enum { TEXTS_MAX = 8 * 1024 * 1024 };

static bool resend_mail(const struct request_context *context, const struct caller_subject *subject,
                        struct error *error)
{
    const struct audit_entry entry = {.action = AUDIT_RESEND,
                                      .data_export_id = subject->data_export_id,
                                      .organization_id = subject->organization_id,
                                      .user_id = subject->user_id,
                                      .actor = context->caller->actor};
    bool found = false;
    return outbox_mail_resend(context->pg, subject->data_export_id, &found, error) &&
           (found || error_set(error, ERROR_NOT_FOUND, "export %" PRId64 " has no mail",
                               subject->data_export_id)) &&
           audit_add(context->pg, &entry, error);
}

bool request_resend(const struct request_context *context, int64_t data_export_id,
                    struct error *error)
{
    struct caller_subject subject = {.data_export_id = data_export_id};
    struct arena *arena = arena_new(TEXTS_MAX);
    bool done = (arena != NULL || error_no_memory(error)) &&
                caller_find_subject(context->caller, context->pg, arena, &subject, error) &&
                pg_begin(context->pg, error) && resend_mail(context, &subject, error) &&
                pg_commit(context->pg, error);
    if (!done)
        pg_rollback(context->pg);
    arena_free(arena);
    return done;
}
