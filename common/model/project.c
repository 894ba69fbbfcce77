#include "model/project.h"

bool project_exists(struct pg *pg, int64_t organization_id, int64_t project_id, bool *exists,
                    struct error *error)
{
    struct pg_params params = {.repeated = true};
    int64_t found = 0;
    pg_bind_int(&params, project_id);
    pg_bind_int(&params, organization_id);
    if (!pg_query_int(pg,
                      "SELECT 1 FROM sentry_project"
                      " WHERE id = $1::bigint AND organization_id = $2::bigint",
                      &params, &found, error))
        return false;
    *exists = found == 1;
    return true;
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

/* The group itself comes before one that it was merged into: a redirect of a living group is not
   followed. */
bool group_with_redirect(struct pg *pg, int64_t project_id, int64_t id, int64_t *group_id,
                         struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, project_id);
    pg_bind_int(&params, id);
    return pg_query_int(pg,
                        "SELECT id FROM sentry_groupedmessage"
                        " WHERE project_id = $1::bigint AND id = ANY (ARRAY[$2::bigint,"
                        " (SELECT group_id FROM sentry_groupredirect"
                        " WHERE previous_group_id = $2::bigint)])"
                        " ORDER BY id = $2::bigint DESC LIMIT 1",
                        &params, group_id, error);
}

bool environment_exists(struct pg *pg, int64_t organization_id, int64_t environment_id,
                        bool *exists, struct error *error)
{
    struct pg_params params = {.repeated = true};
    int64_t found = 0;
    pg_bind_int(&params, environment_id);
    pg_bind_int(&params, organization_id);
    if (!pg_query_int(pg,
                      "SELECT 1 FROM sentry_environment"
                      " WHERE id = $1::bigint AND organization_id = $2::bigint",
                      &params, &found, error))
        return false;
    *exists = found == 1;
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
