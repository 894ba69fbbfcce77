/* SPDX-License-Identifier: Apache-2.0 */
#include "model/member.h"

bool member_load(struct pg *pg, struct member *member, struct arena *arena, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, member->organization_id);
    pg_bind_int(&params, member->user_id);
    /* flags of the organization: bit 0 is allow_joinleave */
    if (!pg_query(pg,
                  "SELECT member.id, (organization.flags & 1)::int, member.role"
                  " FROM sentry_organizationmember AS member"
                  " JOIN sentry_organization AS organization"
                  " ON organization.id = member.organization_id"
                  " JOIN auth_user ON auth_user.id = member.user_id AND auth_user.is_active"
                  " WHERE member.organization_id = $1::bigint AND member.user_id = $2::bigint",
                  &params, &result, error))
        return false;
    bool done =
        pg_rows(result) == 1 || error_set(error, ERROR_NOT_FOUND, "the user is no active member");
    if (done) {
        const char *role = pg_text(result, 0, 2);
        member->id = pg_int(result, 0, 0);
        member->open_joining = pg_int(result, 0, 1) == 1;
        member->role = arena_copy(arena, role, strlen(role), error);
        done = member->role != NULL;
    }
    pg_result_free(result);
    return done;
}

bool member_list_projects(struct pg *pg, int64_t member_id, struct arena *arena,
                          struct project_ids *projects, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, member_id);
    if (!pg_query(pg,
                  "SELECT DISTINCT project.id FROM sentry_organizationmember_teams AS joined"
                  " JOIN sentry_team AS team ON team.id = joined.team_id AND team.status = 0"
                  " JOIN sentry_projectteam AS link ON link.team_id = team.id"
                  " JOIN sentry_project AS project"
                  " ON project.id = link.project_id AND project.status = 0"
                  " WHERE joined.organizationmember_id = $1::bigint AND joined.is_active",
                  &params, &result, error))
        return false;
    size_t count = (size_t)pg_rows(result);
    int64_t *ids = arena_array(arena, count, sizeof(*ids), error);
    for (size_t i = 0; ids != NULL && i < count; i++)
        ids[i] = pg_int(result, (int)i, 0);
    pg_result_free(result);
    *projects = (struct project_ids){ids, count};
    return ids != NULL;
}
