/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_audit.py. */
#include "request/audit.h"

#include "model/audit.h"

bool request_audit(const struct request_context *context, const struct audit_question *question,
                   json_t **entries, int64_t *total, struct error *error)
{
    struct caller_view owner;
    if (!request_find_owner(context, &question->owner, &owner, error))
        return false;
    const struct audit_filter filter = {.organization_id = owner.organization_id,
                                        .user_id = owner.user_id,
                                        .data_export_id = question->data_export_id,
                                        .action = question->action,
                                        .before = question->before,
                                        .max = question->max};
    return audit_list(context->pg, &filter, entries, total, error);
}
