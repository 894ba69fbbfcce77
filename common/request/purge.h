/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting all exports of a user or organization that is gone. For operators: ERROR_DENIED for any
   other caller. */
#ifndef REQUEST_PURGE_H
#define REQUEST_PURGE_H

#include "request/owner.h"
#include "storage/cleanup.h"

struct purge_order {
    struct owner_words owner;         /* one of the two is given */
    const struct upload_locks *locks; /* not used by a dry run */
    struct blob_store *store;         /* likewise */
    bool dry_run;                     /* count, change nothing */
};

struct purge_summary {
    int64_t exports;
    int64_t cancelled; /* of them, what was not finished */
    int64_t files;
    int64_t mails;  /* that waited and are not sent */
    int64_t failed; /* objects that could not be removed: each logged, for the next cleanup */
};

/* Cancels the owner's exports that are not finished, and deletes all of them: rows, history, mails,
   files. Each export is one transaction with an entry in the audit; the objects of the files
   follow, named in exportd.object, so that the same request again, or the next cleanup, finishes
   what was interrupted. The user and the organization themselves are left alone. The errors of
   request_find_owner, and of the servers. */
bool request_purge(const struct request_context *context, const struct purge_order *order,
                   struct purge_summary *summary, struct error *error) MUST_CHECK;

#endif
