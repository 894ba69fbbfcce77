/* SPDX-License-Identifier: Apache-2.0 */
/* Cancelling an export. */
#ifndef REQUEST_CANCEL_H
#define REQUEST_CANCEL_H

#include "request/context.h"

/* Cancels an export that is not finished (job/cancel.h), and adds an entry to the audit.
   ERROR_NOT_FOUND; ERROR_CONFLICT: it is finished already; ERROR_DENIED. */
bool request_cancel(const struct request_context *context, int64_t data_export_id,
                    struct error *error) MUST_CHECK;

#endif
