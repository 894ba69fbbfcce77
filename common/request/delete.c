/* SPDX-License-Identifier: Apache-2.0 */
#include "request/delete.h"

#include "base/fault.h"
#include "base/log.h"
#include "job/delete.h"
#include "model/audit.h"

enum { ARENA_MAX = 16 * 1024 * 1024 };

static bool delete_rows(const struct request_context *context, int64_t id, struct arena *arena,
                        struct exported_data *row, struct error *error)
{
    bool by_operator = context->caller->kind == CALLER_OPERATOR;
    const struct deletion deletion = {.data_export_id = id,
                                      .message = by_operator ? "deleted by an operator"
                                                             : "deleted by a user",
                                      .arena = arena};
    return delete_export(context->pg, &deletion, row, error);
}

static bool delete_file(struct pg *pg, const struct exported_data *row, struct arena *arena,
                        struct error *error)
{
    struct file_blobs blobs;
    return row->file_id == 0 || cleanup_delete_file(pg, row, arena, &blobs, error);
}

static bool audit_deletion(const struct request_context *context,
                           const struct caller_subject *subject, struct error *error)
{
    const struct audit_entry entry = {.action = AUDIT_DELETE,
                                      .data_export_id = subject->data_export_id,
                                      .organization_id = subject->organization_id,
                                      .user_id = subject->user_id,
                                      .actor = context->caller->actor};
    return audit_add(context->pg, &entry, error);
}

/* The objects that cleanup_delete_file has freed stand in exportd.object with attempt 0. */
static void remove_objects(struct pg *pg, const struct delete_order *order)
{
    const struct cleanup cleanup = {.pg = pg, .locks = order->locks, .store = order->store};
    const struct stored_object_owner owner = {order->data_export_id, 0};
    struct cleanup_result result = {.failed = 0};
    struct error error;
    if (!cleanup_attempt(&cleanup, &owner, &result, &error))
        log_error(LOG_WARNING, "delete.objects-left", &error);
}

bool request_delete(const struct request_context *context, const struct delete_order *order,
                    struct error *error)
{
    struct pg *pg = context->pg;
    struct caller_subject subject = {.data_export_id = order->data_export_id};
    struct exported_data row;
    struct arena *arena = arena_new(ARENA_MAX);
    bool done = (arena != NULL || error_no_memory(error)) &&
                caller_find_subject(context->caller, pg, arena, &subject, error) &&
                pg_begin(pg, error) &&
                delete_rows(context, order->data_export_id, arena, &row, error) &&
                delete_file(pg, &row, arena, error) && audit_deletion(context, &subject, error) &&
                pg_commit(pg, error) && FAULT("delete_export", error);
    if (done)
        remove_objects(pg, order);
    else
        pg_rollback(pg);
    arena_free(arena);
    return done;
}
