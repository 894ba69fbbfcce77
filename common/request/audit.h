/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the audit: who did what with which export (model/audit.h). Only for operators: ERROR_DENIED
   for any other caller. */
#ifndef REQUEST_AUDIT_H
#define REQUEST_AUDIT_H

#include "base/json.h"
#include "request/owner.h"

/* Which entries are asked for. 0 and NULL stand for any. */
struct audit_question {
    struct owner_words owner; /* of the export */
    const char *action;
    int64_t data_export_id;
    int64_t before; /* entries with ids below it */
    int64_t max;    /* entries in the answer */
};

/* *entries and *total as audit_list gives them, newest first. Errors as request_find_owner. */
bool request_audit(const struct request_context *context, const struct audit_question *question,
                   json_t **entries, int64_t *total, struct error *error) MUST_CHECK;

#endif
