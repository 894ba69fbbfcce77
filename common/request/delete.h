/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting a finished export with its file. */
#ifndef REQUEST_DELETE_H
#define REQUEST_DELETE_H

#include "request/context.h"
#include "storage/cleanup.h"

/* Where the file's objects are. */
struct delete_order {
    int64_t data_export_id;
    const struct upload_locks *locks;
    struct blob_store *store;
};

/* Deletes a finished export (job/delete.h), with an entry in the audit, then the objects that no
   other file shares. Of these what cannot be removed is logged, and left to the next cleanup.
   ERROR_NOT_FOUND; ERROR_CONFLICT: it is not finished, or has failed or gone and so has no file;
   ERROR_DENIED. */
bool request_delete(const struct request_context *context, const struct delete_order *order,
                    struct error *error) MUST_CHECK;

#endif
