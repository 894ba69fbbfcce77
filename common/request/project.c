/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_projects.py and tests/system/test_groups.py. */
#include "request/project.h"

#include "model/issue.h"
#include "model/organization.h"
#include "model/project.h"

/* The row is looked at even if an id is given: the answer for a mistyped one would be empty and
   look right. */
bool request_find_project(const struct request_context *context, const struct project_words *words,
                          int64_t *project_id, int64_t *organization_id, struct error *error)
{
    struct pg *pg = context->pg;
    int64_t wanted = 0;
    if (!caller_check_operator(context->caller, error) ||
        (words->organization != NULL &&
         !organization_find(pg, words->organization, &wanted, error)))
        return false;
    return project_find(pg, wanted, words->project, project_id, error) &&
           project_organization(pg, *project_id, organization_id, error) &&
           (wanted == 0 || wanted == *organization_id ||
            error_set(error, ERROR_NOT_FOUND, "the organization has no project %" PRId64,
                      *project_id));
}

/* The id of a group that was merged meanwhile leads to the other one. */
static bool find_border(struct pg *pg, int64_t before, struct issue_page *page, struct error *error)
{
    return before == 0 ||
           (group_with_redirect(pg, page->project_id, before, &page->before, error) &&
            (page->before != 0 ||
             error_set(error, ERROR_NOT_FOUND, "the project has no group %" PRId64, before)));
}

bool request_list_issues(const struct request_context *context,
                         const struct issue_question *question, json_t **issues,
                         struct error *error)
{
    struct issue_page page = {.max = question->max};
    int64_t organization_id = 0;
    return request_find_project(context, &question->project, &page.project_id, &organization_id,
                                error) &&
           find_border(context->pg, question->before, &page, error) &&
           issue_list(context->pg, &page, issues, error);
}
