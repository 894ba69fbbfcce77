/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_purge.py. */
#include "request/purge.h"

#include "base/fault.h"
#include "job/cancel.h"
#include "job/purge.h"
#include "model/audit.h"

enum { ARENA_MAX = 16 * 1024 * 1024 };

struct purge {
    const struct request_context *context;
    struct arena *arena; /* what one export needs */
    struct purge_summary *summary;
};

/* After the cancelling, a sentry_exporteddata row exists only if the export was finished. */
static bool delete_file(const struct purge *purge, int64_t data_export_id, int64_t *files,
                        struct error *error)
{
    struct exported_data_locked export;
    struct file_blobs blobs;
    struct pg *pg = purge->context->pg;
    if (!exported_data_lock(pg, data_export_id, purge->arena, &export, error))
        return error->code == ERROR_NOT_FOUND;
    *files = export.row.file_id == 0 ? 0 : 1;
    return export.row.file_id == 0 ||
           cleanup_delete_file(pg, &export.row, purge->arena, &blobs, error);
}

static bool audit_purge(const struct purge *purge, const struct purge_export *export,
                        bool cancelled, struct error *error)
{
    const struct audit_entry entry = {.action = AUDIT_PURGE,
                                      .data_export_id = export->data_export_id,
                                      .organization_id = export->organization_id,
                                      .user_id = export->user_id,
                                      .actor = purge->context->caller->actor,
                                      .detail = cancelled ? "before it was finished" : NULL};
    return audit_add(purge->context->pg, &entry, error);
}

/* The cancelling comes first, also for a finished export: it locks the rows in the order that an
   outcome does. */
static bool purge_export(const struct purge *purge, const struct purge_export *export,
                         struct error *error)
{
    struct pg *pg = purge->context->pg;
    enum cancel_result result = CANCEL_NOT_FOUND;
    int64_t files = 0;
    int64_t mails = 0;
    arena_reset(purge->arena);
    bool done =
        pg_begin(pg, error) &&
        cancel_export(pg, export->data_export_id, "purged by an operator", &result, error) &&
        delete_file(purge, export->data_export_id, &files, error) &&
        purge_delete_rows(pg, export->data_export_id, &mails, error) &&
        audit_purge(purge, export, result == CANCEL_DONE, error) && pg_commit(pg, error) &&
        FAULT("purge_export", error);
    if (!done) {
        pg_rollback(pg);
        return false;
    }
    purge->summary->exports++;
    purge->summary->cancelled += result == CANCEL_DONE ? 1 : 0;
    purge->summary->files += files;
    purge->summary->mails += mails;
    return true;
}

/* Purges the owner's exports from the first id to the last. *found: their number. */
static bool purge_once(const struct purge *purge, const struct purge_owner *owner, size_t *found,
                       struct error *error)
{
    struct purge_page page = {.count = PURGE_PAGE};
    int64_t after = 0;
    *found = 0;
    while (page.count == PURGE_PAGE) {
        if (!purge_list(purge->context->pg, owner, after, &page, error))
            return false;
        for (size_t i = 0; i < page.count; i++)
            if (!purge_export(purge, &page.items[i], error))
                return false;
        if (page.count > 0)
            after = page.items[page.count - 1].data_export_id;
        *found += page.count;
    }
    return true;
}

/* Repeats until no export is found: one whose message was on its way into the queue may have come
   back. */
static bool purge_all(const struct purge *purge, const struct purge_owner *owner,
                      struct error *error)
{
    size_t found = 1;
    while (found > 0)
        if (!purge_once(purge, owner, &found, error))
            return false;
    return true;
}

static bool count_for_dry_run(struct pg *pg, const struct purge_owner *owner,
                              struct purge_summary *summary, struct error *error)
{
    struct purge_sum sum;
    if (!purge_sum_load(pg, owner, &sum, error))
        return false;
    *summary = (struct purge_summary){.exports = sum.exports,
                                      .cancelled = sum.unfinished,
                                      .files = sum.files,
                                      .mails = sum.mails};
    return true;
}

/* Removes also what an interrupted purge has left. */
static bool remove_objects(struct pg *pg, const struct purge_order *order,
                           struct purge_summary *summary, struct error *error)
{
    const struct cleanup cleanup = {.pg = pg, .locks = order->locks, .store = order->store};
    struct cleanup_result result = {.failed = 0};
    if (!cleanup_abandoned_objects(&cleanup, &result, error))
        return false;
    summary->failed = result.failed;
    return true;
}

bool request_purge(const struct request_context *context, const struct purge_order *order,
                   struct purge_summary *summary, struct error *error)
{
    struct purge purge = {.context = context, .summary = summary};
    struct caller_view view;
    *summary = (struct purge_summary){.exports = 0};
    if (!request_find_owner(context, &order->owner, &view, error))
        return false;
    const struct purge_owner owner = {view.organization_id, view.user_id};
    if (owner.organization_id == 0 && owner.user_id == 0)
        return error_set(error, ERROR_INVALID, "a user or an organization is needed");
    if (order->dry_run)
        return count_for_dry_run(context->pg, &owner, summary, error);
    purge.arena = arena_new(ARENA_MAX);
    bool done = (purge.arena != NULL || error_no_memory(error)) &&
                purge_all(&purge, &owner, error) &&
                remove_objects(context->pg, order, summary, error);
    arena_free(purge.arena);
    return done;
}
