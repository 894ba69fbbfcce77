/* SPDX-License-Identifier: Apache-2.0 */
#include "request/quota.h"

#include "request/owner.h"

bool request_list_quotas(const struct request_context *context, const char *organization,
                         const struct quota *settings, json_t **list, struct error *error)
{
    const struct owner_words words = {.organization = organization};
    struct caller_view owner;
    return request_find_owner(context, &words, &owner, error) &&
           quota_list(context->pg, owner.organization_id, settings, list, error);
}

bool request_set_quota(const struct request_context *context, const char *organization,
                       const struct quota *change, struct error *error)
{
    const struct owner_words words = {.organization = organization};
    struct caller_view owner;
    return request_find_owner(context, &words, &owner, error) &&
           quota_set(context->pg, owner.organization_id, change, error);
}
