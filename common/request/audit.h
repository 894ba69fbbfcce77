/* SPDX-License-Identifier: Apache-2.0 */
/* The audit: who did what with which export (model/audit.h). For operators: ERROR_DENIED for any
   other caller. */
#ifndef REQUEST_AUDIT_H
#define REQUEST_AUDIT_H

#include "base/json.h"
#include "request/owner.h"

/* Which entries. 0 and NULL: any. */
struct audit_question {
    struct owner_words owner; /* of the export */
    const char *action;
    int64_t data_export_id;
    int64_t before; /* ids below it */
    int64_t max;
};

/* The entries, newest first, as audit_list gives them; *total as there. The errors of
   request_find_owner. */
bool request_audit(const struct request_context *context, const struct audit_question *question,
                   json_t **entries, int64_t *total, struct error *error) MUST_CHECK;

#endif
