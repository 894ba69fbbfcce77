/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for an export: makes its row and its job in one transaction, unless an equal export is
   unfinished. */
#ifndef REQUEST_CREATE_H
#define REQUEST_CREATE_H

#include "base/json.h"
#include "request/context.h"

/* The export that is asked for, in names and ids. */
struct export_order {
    const char *organization; /* slug; NULL: the caller's */
    const char *user;         /* address or id, which only an operator gives; NULL: the caller */
    int64_t query_type;       /* enum query_type_code */
    const char *project;      /* of issues-by-tag: id or slug; NULL: project_id */
    int64_t project_id, group_id; /* likewise */
    const char *key;              /* likewise */
    const json_t *query_info;     /* of discover: an object */
    const char *environment;      /* name; NULL: all */
    int64_t limit;                /* rows; 0: all */
};

struct created_export {
    int64_t id;
    bool created; /* false: an equal export that is not finished has this id */
};

/* Makes the export and queues its job. If an equal export is not finished yet, returns that one,
   and queues it if exportd has not seen it before. Whether project, group and key exist is not
   looked at here: request_check_subject does, and the worker.

   ERROR_NOT_FOUND: no such organization, user or environment, or no project of this slug.
   ERROR_CONFLICT: the unfinished export has another limit or environment. ERROR_BUSY: the
   organization's quota of waiting exports is used up. ERROR_INVALID: the order breaks a rule.
   ERROR_DENIED. ERROR_AWAY and other errors of the servers. */
bool request_create(const struct request_context *context, const struct export_order *order,
                    struct created_export *created, struct error *error) MUST_CHECK;

#endif
