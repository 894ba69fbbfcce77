/* SPDX-License-Identifier: Apache-2.0 */
/* Asking again for an export that has come to nothing. */
#ifndef REQUEST_RETRY_H
#define REQUEST_RETRY_H

#include "request/create.h"

/* Of a failed or cancelled export: asks for the same again, for the same user, with the same limit
   and environment; an equal one that is not finished is the answer, as of request_create. Of a
   delayed one: it waits now, and retried->id is its own. What is done stands in the audit.
   ERROR_NOT_FOUND: there is no such export, or its user or organization is gone; ERROR_CONFLICT: it
   is in another state; ERROR_DENIED; and the errors of request_create. */
bool request_retry(const struct request_context *context, int64_t data_export_id,
                   struct created_export *retried, struct error *error) MUST_CHECK;

#endif
