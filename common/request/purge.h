/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes all exports of a user or organization that is gone. Only for operators: ERROR_DENIED for
   any other caller. */
#ifndef REQUEST_PURGE_H
#define REQUEST_PURGE_H

#include "request/owner.h"
#include "storage/cleanup.h"

struct purge_order {
    struct owner_words owner;         /* at least one of the two is given */
    const struct upload_locks *locks; /* not used by a dry run */
    struct blob_store *store;         /* likewise */
    bool dry_run;                     /* only count */
};

struct purge_summary {
    int64_t exports;
    int64_t cancelled; /* those of them that were not finished */
    int64_t files;
    int64_t mails;  /* that waited; they are not sent */
    int64_t failed; /* objects that could not be removed; each is logged, and left to cleanup */
};

/* Cancels the owner's unfinished exports, and deletes all exports with their rows, history, mails
   and files. Each export is one transaction, which adds an entry to the audit. The objects of the
   files are removed at the end. exportd.object names them until then, so the same request, or the
   next cleanup, finishes what was interrupted. The rows of the user and the organization stay.
   Errors as request_find_owner; ERROR_INVALID: no owner is given; errors of the servers. */
bool request_purge(const struct request_context *context, const struct purge_order *order,
                   struct purge_summary *summary, struct error *error) MUST_CHECK;

#endif
