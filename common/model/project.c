/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/model/rows_test.c. */
#include "model/project.h"

#include "base/text.h"

bool project_find(struct pg *pg, int64_t organization_id, const char *id_or_slug, int64_t *id,
                  struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    if (text_to_int64(id_or_slug, INT64_MIN, INT64_MAX, id))
        return true;
    pg_bind_int(&params, organization_id);
    pg_bind_text(&params, id_or_slug);
    if (!pg_query(pg,
                  "SELECT id FROM sentry_project WHERE slug = $2::text"
                  " AND $1::bigint IN (0, organization_id) LIMIT 2",
                  &params, &result, error))
        return false;
    int rows = pg_rows(result);
    if (rows == 1)
        *id = pg_int(result, 0, 0);
    pg_result_free(result);
    if (rows > 1)
        return error_set(error, ERROR_CONFLICT,
                         "several organizations have a project \"%.100s\": name the organization",
                         id_or_slug);
    return rows == 1 ||
           error_set(error, ERROR_NOT_FOUND, "there is no project \"%.100s\"", id_or_slug);
}

bool project_organization(struct pg *pg, int64_t project_id, int64_t *organization_id,
                          struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, project_id);
    if (!pg_query_int(pg, "SELECT organization_id FROM sentry_project WHERE id = $1::bigint",
                      &params, organization_id, error))
        return false;
    return *organization_id != 0 ||
           error_set(error, ERROR_NOT_FOUND, "there is no project %" PRId64, project_id);
}

bool group_with_redirect(struct pg *pg, int64_t project_id, int64_t id, int64_t *group_id,
                         struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, project_id);
    pg_bind_int(&params, id);
    return pg_query_int(pg, GROUP_WITH_REDIRECT, &params, group_id, error);
}

bool subject_find(struct pg *pg, const struct subject_ids *ids, struct subject *subject,
                  struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_result *result = NULL;
    pg_bind_int(&params, ids->project_id);
    pg_bind_int(&params, ids->group_id);
    pg_bind_int(&params, ids->organization_id);
    if (ids->all_environments)
        pg_bind_null(&params);
    else
        pg_bind_int(&params, ids->environment_id);
    if (!pg_query(pg,
                  "SELECT (SELECT 1 FROM sentry_project"
                  " WHERE id = $1::bigint AND organization_id = $3::bigint),"
                  " (SELECT 1 FROM sentry_environment"
                  " WHERE id = $4::bigint AND organization_id = $3::bigint),"
                  " (" GROUP_WITH_REDIRECT ")",
                  &params, &result, error))
        return false;
    *subject = (struct subject){
        .has_project = pg_int(result, 0, 0) == 1,
        .has_environment = ids->all_environments || pg_int(result, 0, 1) == 1,
        .group_id = pg_int(result, 0, 2),
    };
    pg_result_free(result);
    return true;
}

bool environment_find(struct pg *pg, int64_t organization_id, const char *name, int64_t *id,
                      struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, organization_id);
    pg_bind_text(&params, name);
    return pg_query_int(pg,
                        "SELECT id FROM sentry_environment"
                        " WHERE organization_id = $1::bigint AND name = $2::text",
                        &params, id, error);
}
