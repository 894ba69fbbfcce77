/* SPDX-License-Identifier: Apache-2.0 */
#include "request/cancel.h"

#include "job/cancel.h"
#include "model/audit.h"

enum { TEXTS_MAX = 8 * 1024 * 1024 };

static bool cancel_unfinished(const struct request_context *context, int64_t data_export_id,
                              struct error *error)
{
    bool by_operator = context->caller->kind == CALLER_OPERATOR;
    enum cancel_result result = CANCEL_NOT_FOUND;
    if (!cancel_export(context->pg, data_export_id,
                       by_operator ? "cancelled by an operator" : "cancelled by a user", &result,
                       error))
        return false;
    if (result == CANCEL_NOT_FOUND)
        return error_set(error, ERROR_NOT_FOUND, "there is no export %" PRId64, data_export_id);
    return result == CANCEL_DONE ||
           error_set(error, ERROR_CONFLICT, "export %" PRId64 " is finished already",
                     data_export_id);
}

static bool audit_cancel(const struct request_context *context,
                         const struct caller_subject *subject, struct error *error)
{
    const struct audit_entry entry = {.action = AUDIT_CANCEL,
                                      .data_export_id = subject->data_export_id,
                                      .organization_id = subject->organization_id,
                                      .user_id = subject->user_id,
                                      .actor = context->caller->actor};
    return audit_add(context->pg, &entry, error);
}

bool request_cancel(const struct request_context *context, int64_t data_export_id,
                    struct error *error)
{
    struct caller_subject subject = {.data_export_id = data_export_id};
    struct arena *arena = arena_new(TEXTS_MAX);
    bool done = arena != NULL || error_no_memory(error);
    done = done && caller_find_subject(context->caller, context->pg, arena, &subject, error) &&
           pg_begin(context->pg, error) && cancel_unfinished(context, data_export_id, error) &&
           audit_cancel(context, &subject, error) && pg_commit(context->pg, error);
    if (!done)
        pg_rollback(context->pg);
    arena_free(arena);
    return done;
}
