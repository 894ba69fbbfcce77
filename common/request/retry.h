/* SPDX-License-Identifier: Apache-2.0 */
/* Asks again for an export that failed, was cancelled, or is delayed. */
#ifndef REQUEST_RETRY_H
#define REQUEST_RETRY_H

#include "request/create.h"

/* For a failed or cancelled export: asks for the same again, for the same user, with the same limit
   and environment, and returns an equal unfinished export as request_create does. For a delayed
   export: makes it wait, and retried->id is its own id. Adds an entry to the audit if something
   was done. ERROR_NOT_FOUND: there is no such export, or its user or organization is gone.
   ERROR_CONFLICT: the export is in another state. ERROR_DENIED. Errors as request_create. */
bool request_retry(const struct request_context *context, int64_t data_export_id,
                   struct created_export *retried, struct error *error) MUST_CHECK;

#endif
