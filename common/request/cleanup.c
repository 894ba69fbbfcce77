/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/request/caller_test.c and tests/system/test_cleanup.py. */
#include "request/cleanup.h"

#include "job/history.h"
#include "model/audit.h"
#include "model/upload_lock.h"

bool request_cleanup(const struct request_context *context, const struct cleanup_order *order,
                     struct cleanup_summary *summary, struct error *error)
{
    const struct cleanup cleanup = {
        .pg = context->pg, .locks = order->locks, .store = order->store, .dry_run = order->dry_run};
    *summary = (struct cleanup_summary){.exports = 0};
    return caller_check_operator(context->caller, error) &&
           cleanup_abandoned_objects(&cleanup, &summary->storage, error) &&
           cleanup_unused_blobs(&cleanup, &summary->storage, error) &&
           cleanup_expired_exports(&cleanup, &summary->storage, error) &&
           (order->dry_run || upload_lock_rows_delete_ended(context->pg, error)) &&
           history_delete_old(context->pg, order->history_days, order->dry_run, &summary->exports,
                              error) &&
           audit_delete_old(context->pg, order->audit_days, order->dry_run, &summary->audit_entries,
                            error);
}
