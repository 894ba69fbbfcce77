/* SPDX-License-Identifier: Apache-2.0 */
/* Asking for an export: get_or_create of its row, and its job, in one transaction. */
#ifndef REQUEST_CREATE_H
#define REQUEST_CREATE_H

#include "base/json.h"
#include "request/context.h"

/* What is asked for, by name or id. */
struct export_order {
    const char *organization;     /* slug; NULL: the caller's */
    const char *user;             /* address or id; NULL: the caller, who cannot name another one
                                     unless it is the operator */
    int64_t query_type;           /* enum query_type_code */
    int64_t project_id, group_id; /* of issues-by-tag */
    const char *key;              /* likewise */
    const json_t *query_info;     /* of discover: an object */
    const char *environment;      /* name; NULL: all */
    int64_t limit;                /* rows; 0: all */
};

struct created_export {
    int64_t id;
    bool created; /* false: an equal request that is not finished yet has this id */
};

/* Makes the export and queues its job. An equal one that is not finished yet is the answer; it is
   queued when exportd has not seen it. What the project, the group and the key are is the
   worker's to find out. ERROR_NOT_FOUND: no such organization, user or environment; ERROR_CONFLICT:
   the unfinished one has another limit or environment; ERROR_BUSY: as many exports of the
   organization wait as may; ERROR_INVALID: the order breaks a rule; ERROR_DENIED; ERROR_AWAY and
   others of the servers. */
bool request_create(const struct request_context *context, const struct export_order *order,
                    struct created_export *created, struct error *error) MUST_CHECK;

#endif
