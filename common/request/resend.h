/* SPDX-License-Identifier: Apache-2.0 */
/* Sends the mail of an export again. */
#ifndef REQUEST_RESEND_H
#define REQUEST_RESEND_H

#include "request/context.h"

/* Makes the export's mail due at once, in whatever state it is: with the same recipient, text and
   Message-ID, and with a whole day for its tries. Adds an entry to the audit. ERROR_NOT_FOUND:
   there is no such export, or it has no mail. ERROR_DENIED. */
bool request_resend(const struct request_context *context, int64_t data_export_id,
                    struct error *error) MUST_CHECK;

#endif
