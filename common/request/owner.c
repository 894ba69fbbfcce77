/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_audit.py and tests/system/test_purge.py. */
#include "request/owner.h"

#include "base/text.h"
#include "model/organization.h"

static bool find_organization(struct pg *pg, const char *word, int64_t *id, struct error *error)
{
    return word == NULL || organization_find(pg, word, id, error) ||
           (error->code == ERROR_NOT_FOUND && text_to_int64(word, 1, INT64_MAX, id));
}

bool request_find_owner(const struct request_context *context, const struct owner_words *words,
                        struct caller_view *owner, struct error *error)
{
    *owner = (struct caller_view){.organization_id = 0};
    return caller_check_operator(context->caller, error) &&
           find_organization(context->pg, words->organization, &owner->organization_id, error) &&
           (words->user == NULL || user_find(context->pg, words->user, &owner->user_id, error));
}
