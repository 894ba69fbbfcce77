/* SPDX-License-Identifier: Apache-2.0 */
#include "request/caller.h"

#include "base/text.h"
#include "export/issues_by_tag_payload.h"
#include "job/history.h"
#include "model/exported_data.h"
#include "model/organization.h"

const struct caller caller_operator = {
    .kind = CALLER_OPERATOR, .actor = "operator", .every_owner = true, .every_project = true};

#define SCOPES_OF_EXPORTS ((unsigned)(SCOPE_EVENT_READ | SCOPE_EVENT_WRITE | SCOPE_EVENT_ADMIN))

/* ---- who the caller is ---- */

static const struct role {
    const char *name;
    bool global; /* applies to the whole organization, not only to the member's teams */
} roles[] = {{"member", false}, {"admin", false}, {"manager", true}, {"owner", true}};

static bool apply_role(const struct member *member, struct caller *caller, struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(roles); i++) {
        if (!text_equal(roles[i].name, member->role))
            continue;
        caller->kind = CALLER_USER;
        caller->scopes = SCOPES_OF_EXPORTS;
        caller->every_owner = roles[i].global;
        caller->every_project = roles[i].global || member->open_joining;
        return true;
    }
    return error_set(error, ERROR_DENIED, "the role \"%.32s\" is unknown", member->role);
}

bool caller_load_member(struct caller *caller, struct pg *pg, struct arena *arena,
                        struct error *error)
{
    struct member member = {.organization_id = caller->organization_id, .user_id = caller->user_id};
    if (!member_load(pg, &member, arena, error))
        return error->code == ERROR_NOT_FOUND &&
               error_set(error, ERROR_DENIED, "no active member of the organization");
    (void)snprintf(caller->actor, sizeof(caller->actor), "user:%" PRId64, caller->user_id);
    return apply_role(&member, caller, error) &&
           (caller->every_project ||
            member_list_projects(pg, member.id, arena, &caller->projects, error));
}

/* ---- what the caller may do ---- */

bool caller_check_operator(const struct caller *caller, struct error *error)
{
    return caller->kind == CALLER_OPERATOR ||
           error_set(error, ERROR_DENIED, "only an operator may do this");
}

/* A user without one of the two ids is refused: 0 stands for any, and would show too much. */
bool caller_get_view(const struct caller *caller, struct caller_view *view, struct error *error)
{
    *view = (struct caller_view){.organization_id = 0};
    if (caller->kind == CALLER_OPERATOR)
        return true;
    if (caller->kind != CALLER_USER || caller->organization_id <= 0 || caller->user_id <= 0 ||
        (caller->scopes & SCOPES_OF_EXPORTS) == 0)
        return error_set(error, ERROR_DENIED, "you may not ask for exports");
    view->organization_id = caller->organization_id;
    view->user_id = caller->every_owner ? 0 : caller->user_id;
    return true;
}

bool caller_find_organization(const struct caller *caller, struct pg *pg, const char *slug,
                              int64_t *organization_id, struct error *error)
{
    struct caller_view view;
    if (!caller_get_view(caller, &view, error))
        return false;
    if (slug == NULL) {
        *organization_id = view.organization_id;
        return view.organization_id != 0 ||
               error_set(error, ERROR_INVALID, "an organization is needed");
    }
    return organization_find(pg, slug, organization_id, error) &&
           (view.organization_id == 0 || view.organization_id == *organization_id ||
            error_set(error, ERROR_NOT_FOUND, "there is no organization \"%.100s\"", slug));
}

static bool has_project(const struct caller *caller, int64_t project_id)
{
    for (size_t i = 0; i < caller->projects.count; i++)
        if (caller->projects.items[i] == project_id)
            return true;
    return false;
}

bool caller_check_query(const struct caller *caller, const struct caller_query *query,
                        struct arena *arena, struct error *error)
{
    struct issues_by_tag_payload payload;
    if (caller->every_project)
        return true;
    if (query->query_type != QUERY_ISSUES_BY_TAG)
        return error_set(error, ERROR_DENIED, "you have no access to all projects");
    if (issues_by_tag_payload_parse(query->query_info, arena, &payload, error))
        return has_project(caller, payload.project_id) ||
               error_set(error, ERROR_DENIED, "you have no access to this project");
    return error->code == ERROR_EXPORT &&
           error_set(error, ERROR_DENIED, "you have no access to all projects");
}

bool caller_authorize(const struct caller *caller, const struct caller_subject *subject,
                      struct arena *arena, struct error *error)
{
    struct caller_view view;
    if (!caller_get_view(caller, &view, error))
        return false;
    if ((view.organization_id != 0 && view.organization_id != subject->organization_id) ||
        (view.user_id != 0 && view.user_id != subject->user_id))
        return error_set(error, ERROR_NOT_FOUND, "there is no export %" PRId64,
                         subject->data_export_id);
    return caller_check_query(caller, &subject->query, arena, error);
}

bool caller_find_subject(const struct caller *caller, struct pg *pg, struct arena *arena,
                         struct caller_subject *subject, struct error *error)
{
    struct history_subject found;
    struct caller_view view;
    if (!caller_get_view(caller, &view, error) ||
        !history_find_subject(pg, subject->data_export_id, arena, &found, error))
        return false;
    subject->organization_id = found.organization_id;
    subject->user_id = found.user_id;
    subject->query = (struct caller_query){found.query_type, found.query_info};
    return caller_authorize(caller, subject, arena, error);
}
