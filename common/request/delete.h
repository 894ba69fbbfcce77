/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes a finished export with its file. */
#ifndef REQUEST_DELETE_H
#define REQUEST_DELETE_H

#include "request/context.h"
#include "storage/cleanup.h"

struct delete_order {
    int64_t data_export_id;
    const struct upload_locks *locks;
    struct blob_store *store; /* of the file's objects */
};

/* Deletes a finished export (job/delete.h) and adds an entry to the audit. Then removes the objects
   that no other file shares; one that cannot be removed is logged and left to the next cleanup.
   ERROR_NOT_FOUND. ERROR_CONFLICT: the export is not finished, or it has no file because it failed,
   was cancelled or is gone. ERROR_DENIED. */
bool request_delete(const struct request_context *context, const struct delete_order *order,
                    struct error *error) MUST_CHECK;

#endif
