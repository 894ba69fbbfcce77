/* SPDX-License-Identifier: Apache-2.0 */
/* Sending an export's mail again. */
#ifndef REQUEST_RESEND_H
#define REQUEST_RESEND_H

#include "request/context.h"

/* The mail of the export is due at once, whatever became of it, with a whole day for its tries:
   same recipient, same words, same Message-ID. It stands in the audit. ERROR_NOT_FOUND: there is no
   such export, or it has no mail. */
bool request_resend(const struct request_context *context, int64_t data_export_id,
                    struct error *error) MUST_CHECK;

#endif
