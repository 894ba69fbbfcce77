/* SPDX-License-Identifier: Apache-2.0 */
/* The cleanup that cron asks for: frees what is not needed any more. Only for operators:
   ERROR_DENIED for any other caller. */
#ifndef REQUEST_CLEANUP_H
#define REQUEST_CLEANUP_H

#include "request/context.h"
#include "storage/cleanup.h"

struct cleanup_order {
    const struct upload_locks *locks; /* not used by a dry run */
    struct blob_store *store;
    bool dry_run;         /* only count */
    int64_t history_days; /* how long the history of a finished export is kept */
    int64_t audit_days;   /* how long an entry of the audit is kept */
};

struct cleanup_summary {
    struct cleanup_result storage;
    int64_t exports; /* whose history was deleted */
    int64_t audit_entries;
};

/* Removes abandoned objects, unused blobs, files of expired exports, old history and old audit
   entries. A row or object that cannot be removed is counted in storage.failed, and the rest goes
   on. */
bool request_cleanup(const struct request_context *context, const struct cleanup_order *order,
                     struct cleanup_summary *summary, struct error *error) MUST_CHECK;

#endif
