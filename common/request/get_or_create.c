/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/request/create_test.c and tests/unit/request/retry_test.c. */
#include "request/get_or_create.h"

#include "job/enqueue.h"
#include "job/history.h"
#include "job/quota.h"
#include "model/audit.h"

static bool enqueue(const struct request_context *context, const struct creation *creation,
                    int64_t id, struct error *error)
{
    struct enqueue_job job = {.data_export_id = id,
                              .limit = creation->limit,
                              .environment_id = creation->environment_id,
                              .priority = creation->priority,
                              .eta = USEC_NONE,
                              .expires = USEC_NONE,
                              .retry_of = creation->retry_of};
    const struct enqueue enqueue = {
        .queue = context->queue_name, .source = "cli", .jobs = &job, .count = 1};
    return enqueue_jobs(context->pg, &enqueue, error);
}

/* The twin is an equal export that is not finished. It is the answer, unless it has another limit
   or environment. If exportd has never seen the twin, it is queued; its own message does no harm
   when it arrives later. */
static bool adopt_twin(const struct request_context *context, const struct creation *creation,
                       int64_t id, struct error *error)
{
    struct history_entry twin;
    if (!history_find(context->pg, id, &twin, error))
        return false;
    if (!twin.known)
        return enqueue(context, creation, id, error);
    return (twin.limit == creation->limit && twin.environment_id == creation->environment_id) ||
           error_set(error, ERROR_CONFLICT,
                     "export %" PRId64 " of the same query is not finished yet, with another "
                     "limit or environment",
                     id);
}

static bool audit_creation(const struct request_context *context, const struct creation *creation,
                           int64_t id, struct error *error)
{
    const struct audit_entry entry = {.action = AUDIT_CREATE,
                                      .data_export_id = id,
                                      .organization_id = creation->key.organization_id,
                                      .user_id = creation->key.user_id,
                                      .actor = context->caller->actor};
    return audit_add(context->pg, &entry, error);
}

static bool insert_export(const struct request_context *context, const struct creation *creation,
                          int64_t *id, struct error *error)
{
    return quota_check_queued(context->pg, creation->key.organization_id, context->max_queued,
                              error) &&
           exported_data_insert(context->pg, &creation->key, id, error) &&
           enqueue(context, creation, *id, error) && audit_creation(context, creation, *id, error);
}

bool request_get_or_create(const struct request_context *context, const struct creation *creation,
                           struct created_export *created, struct error *error)
{
    struct pg *pg = context->pg;
    *created = (struct created_export){.id = 0};
    if (!exported_data_lock_key(pg, &creation->key, error) ||
        !exported_data_find_unfinished(pg, &creation->key, &created->id, error))
        return false;
    created->created = created->id == 0;
    return created->created ? insert_export(context, creation, &created->id, error)
                            : adopt_twin(context, creation, created->id, error);
}
