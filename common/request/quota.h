/* SPDX-License-Identifier: Apache-2.0 */
/* Shows and sets the quotas of organizations, which replace settings. Only for operators:
   ERROR_DENIED for any other caller. */
#ifndef REQUEST_QUOTA_H
#define REQUEST_QUOTA_H

#include "job/quota.h"
#include "request/context.h"

/* The quota of one organization (its slug, or its id if its row is gone), or for NULL the quotas of
   all organizations that have a value of their own, as quota_list gives them. ERROR_NOT_FOUND. */
bool request_list_quotas(const struct request_context *context, const char *organization,
                         const struct quota *settings, json_t **list,
                         struct error *error) MUST_CHECK;

/* Changes the organization's own values (job/quota.h). ERROR_NOT_FOUND. */
bool request_set_quota(const struct request_context *context, const char *organization,
                       const struct quota *change, struct error *error) MUST_CHECK;

#endif
