/* SPDX-License-Identifier: Apache-2.0 */
#include "request/retry.h"

#include "job/history.h"
#include "job/queue.h"
#include "model/audit.h"
#include "model/organization.h"
#include "request/get_or_create.h"

enum { TEXTS_MAX = 8 * 1024 * 1024 };

/* Of the exports that are not delayed, only failed and cancelled ones are retried. */
static bool check_entry(int64_t id, const struct history_entry *entry, struct error *error)
{
    if (!entry->known)
        return error_set(error, ERROR_CONFLICT, "exportd has not taken in export %" PRId64 " yet",
                         id);
    switch (entry->state) {
    case JOB_FAILED:
    case JOB_CANCELLED:
        return true;
    case JOB_WAITING:
        return error_set(error, ERROR_CONFLICT, "export %" PRId64 " waits already", id);
    case JOB_RUNNING:
        return error_set(error, ERROR_CONFLICT, "export %" PRId64 " is running", id);
    case JOB_VALID:
        return error_set(error, ERROR_CONFLICT, "export %" PRId64 " has succeeded", id);
    default:
        return error_set(error, ERROR_CONFLICT, "export %" PRId64 " is gone", id);
    }
}

/* Only checks that the rows exist. If the user has left the organization, the worker refuses the
   new export, as it would any other. */
static bool check_owner(struct pg *pg, const struct caller_subject *subject, struct error *error)
{
    return organization_check_user(pg, subject->organization_id, subject->user_id, error) ||
           error_prefix(error, "export %" PRId64, subject->data_export_id);
}

static bool audit_retry(const struct request_context *context, const struct caller_subject *subject,
                        const char *detail, struct error *error)
{
    const struct audit_entry entry = {.action = AUDIT_RETRY,
                                      .data_export_id = subject->data_export_id,
                                      .organization_id = subject->organization_id,
                                      .user_id = subject->user_id,
                                      .actor = context->caller->actor,
                                      .detail = detail};
    return audit_add(context->pg, &entry, error);
}

static bool ask_again(const struct request_context *context, const struct caller_subject *subject,
                      struct created_export *retried, struct error *error)
{
    struct history_entry entry;
    char detail[48];
    if (!history_find(context->pg, subject->data_export_id, &entry, error) ||
        !check_entry(subject->data_export_id, &entry, error) ||
        !check_owner(context->pg, subject, error))
        return false;
    const struct creation creation = {.key = {.organization_id = subject->organization_id,
                                              .user_id = subject->user_id,
                                              .query_type = subject->query.query_type,
                                              .query_info = subject->query.query_info},
                                      .limit = entry.limit,
                                      .environment_id = entry.environment_id,
                                      .priority = entry.priority,
                                      .retry_of = subject->data_export_id};
    if (!request_get_or_create(context, &creation, retried, error))
        return false;
    (void)snprintf(detail, sizeof(detail), "as export %" PRId64, retried->id);
    return !retried->created || audit_retry(context, subject, detail, error);
}

/* A delayed export is moved; for another one the same is asked again. */
static bool promote_or_ask_again(const struct request_context *context,
                                 const struct caller_subject *subject,
                                 struct created_export *retried, struct error *error)
{
    bool moved = false;
    if (!queue_promote(context->pg, subject->data_export_id, &moved, error))
        return false;
    *retried = (struct created_export){.id = subject->data_export_id};
    return moved ? audit_retry(context, subject, "due now", error)
                 : ask_again(context, subject, retried, error);
}

bool request_retry(const struct request_context *context, int64_t data_export_id,
                   struct created_export *retried, struct error *error)
{
    struct caller_subject subject = {.data_export_id = data_export_id};
    struct arena *arena = arena_new(TEXTS_MAX);
    bool done = (arena != NULL || error_no_memory(error)) &&
                caller_find_subject(context->caller, context->pg, arena, &subject, error) &&
                pg_begin(context->pg, error) &&
                promote_or_ask_again(context, &subject, retried, error) &&
                pg_commit(context->pg, error);
    if (!done)
        pg_rollback(context->pg);
    arena_free(arena);
    return done;
}
