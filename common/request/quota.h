/* SPDX-License-Identifier: Apache-2.0 */
/* What organizations have in place of the settings. For operators: ERROR_DENIED for any other
   caller. */
#ifndef REQUEST_QUOTA_H
#define REQUEST_QUOTA_H

#include "job/quota.h"
#include "request/context.h"

/* The quota of one organization (by slug, or by the id of one that is gone), or with NULL of all
   that have something of their own, as quota_list gives them. ERROR_NOT_FOUND. */
bool request_list_quotas(const struct request_context *context, const char *organization,
                         const struct quota *settings, json_t **list,
                         struct error *error) MUST_CHECK;

/* Changes an organization's own parts (job/quota.h). ERROR_NOT_FOUND. */
bool request_set_quota(const struct request_context *context, const char *organization,
                       const struct quota *change, struct error *error) MUST_CHECK;

#endif
