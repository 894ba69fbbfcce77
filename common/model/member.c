/* SPDX-License-Identifier: Apache-2.0 */
#include "model/member.h"

#include "base/text.h"

bool member_load(struct pg *pg, struct member *member, struct arena *arena, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, member->organization_id);
    pg_bind_int(&params, member->user_id);
    /* Bit 0 of the organization's flags is allow_joinleave. */
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

bool member_may_export_add(struct pg_batch *batch, int64_t data_export_id, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, data_export_id);
    return pg_batch_add(
        batch,
        "SELECT row.user_id IS NULL OR coalesce(person.is_superuser, false)"
        " OR EXISTS (SELECT FROM sentry_organizationmember AS member WHERE member.user_id ="
        " person.id AND member.organization_id = row.organization_id),"
        " coalesce(person.is_sentry_app, false)"
        " FROM sentry_exporteddata AS row"
        " LEFT JOIN auth_user AS person ON person.id = row.user_id AND person.is_active"
        " WHERE row.id = $1::bigint",
        &params, error);
}

/* A stand-alone database has no tables of Sentry apps. */
static bool has_sentry_apps(struct pg *pg, bool *has, struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg,
                  "SELECT to_regclass('sentry_sentryapp') IS NOT NULL"
                  " AND to_regclass('sentry_sentryappinstallation') IS NOT NULL",
                  NULL, &result, error))
        return false;
    *has = text_equal(pg_text(result, 0, 0), "t");
    pg_result_free(result);
    return true;
}

/* Status 1 means that the installation is complete, not pending. */
static bool is_installed(struct pg *pg, int64_t organization_id, int64_t user_id, bool *installed,
                         struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, organization_id);
    pg_bind_int(&params, user_id);
    if (!pg_query(pg,
                  "SELECT EXISTS (SELECT FROM sentry_sentryapp AS app"
                  " JOIN sentry_sentryappinstallation AS installation"
                  " ON installation.sentry_app_id = app.id"
                  " AND installation.organization_id = $1::bigint"
                  " AND installation.status = 1 AND installation.date_deleted IS NULL"
                  " WHERE app.proxy_user_id = $2::bigint AND app.date_deleted IS NULL)",
                  &params, &result, error))
        return false;
    *installed = text_equal(pg_text(result, 0, 0), "t");
    pg_result_free(result);
    return true;
}

bool member_may_export_read(struct pg *pg, const struct pg_result *reply,
                            const struct exported_data *row, bool *may, struct error *error)
{
    bool has_apps = false;
    *may = pg_rows(reply) == 0 || text_equal(pg_text(reply, 0, 0), "t");
    if (*may || !text_equal(pg_text(reply, 0, 1), "t"))
        return true;
    return has_sentry_apps(pg, &has_apps, error) &&
           (!has_apps || is_installed(pg, row->organization_id, row->user_id, may, error));
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
