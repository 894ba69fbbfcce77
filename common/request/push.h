/* SPDX-License-Identifier: Apache-2.0 */
/* The message of an export that waits. For the functions of this layer. */
#ifndef REQUEST_PUSH_H
#define REQUEST_PUSH_H

#include "job/history.h"
#include "request/context.h"

/* Queues the message after the COMMIT that made the waiting row. When that fails, exportd forgets
   the row again, so that the next request or a rescue queues the export. */
bool request_push(const struct request_context *context, int64_t data_export_id,
                  const struct history_request *history, struct error *error) MUST_CHECK;

#endif
