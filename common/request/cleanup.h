/* SPDX-License-Identifier: Apache-2.0 */
/* What cron asks for: freeing what is not needed any more. For operators: ERROR_DENIED for any
   other caller. */
#ifndef REQUEST_CLEANUP_H
#define REQUEST_CLEANUP_H

#include "request/context.h"
#include "storage/cleanup.h"

struct cleanup_order {
    const struct upload_locks *locks; /* a dry run takes none */
    struct blob_store *store;
    bool dry_run;         /* count and tell, change nothing */
    int64_t history_days; /* how long finished exports are remembered */
    int64_t audit_days;   /* likewise entries of the audit */
};

struct cleanup_summary {
    struct cleanup_result storage;
    int64_t exports; /* whose history was deleted */
    int64_t audit_entries;
};

/* Removes abandoned objects, unused blobs, files of expired exports, old history and old audit
   entries. What could not be removed is counted in storage.failed and stops nothing else. */
bool request_cleanup(const struct request_context *context, const struct cleanup_order *order,
                     struct cleanup_summary *summary, struct error *error) MUST_CHECK;

#endif
