/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the project that an operator names. */
#ifndef REQUEST_PROJECT_H
#define REQUEST_PROJECT_H

#include "base/json.h"
#include "request/context.h"

struct project_words {
    const char *project;      /* id or slug */
    const char *organization; /* slug; NULL: any */
};

/* ERROR_NOT_FOUND: no such organization, or no such project in it. ERROR_CONFLICT: several
   organizations have a project of this slug. Only for operators: ERROR_DENIED for any other
   caller. */
bool request_find_project(const struct request_context *context, const struct project_words *words,
                          int64_t *project_id, int64_t *organization_id,
                          struct error *error) MUST_CHECK;

/* The project's issues (model/issue.h) after the issue `before` (0: from the first on), at most
   `max`. The caller frees *issues. ERROR_NOT_FOUND: no such issue. Other errors as
   request_find_project. */
struct issue_question {
    struct project_words project;
    int64_t before, max;
};
bool request_list_issues(const struct request_context *context,
                         const struct issue_question *question, json_t **issues,
                         struct error *error) MUST_CHECK;

#endif
