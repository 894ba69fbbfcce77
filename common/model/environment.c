/* SPDX-License-Identifier: Apache-2.0 */
#include "model/environment.h"

#include "client/pg_columns.h"
#include "wire/clean_text.h"

bool environment_is_valid_name(const char *name)
{
    size_t size = strlen(name);
    return name[strcspn(name, "\n\r\f/")] == '\0' &&
           clean_text_cut(name, size, ENVIRONMENT_NAME_MAX) == size;
}

static bool insert_missing(struct pg *pg, const struct named_row *rows, size_t count,
                           struct error *error)
{
    return named_rows_execute(
        pg,
        "INSERT INTO sentry_environment (organization_id, project_id, name, date_added)"
        " SELECT w.organization_id, NULL, w.name, now()"
        " FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS w (organization_id, name, n)"
        " WHERE NOT EXISTS (SELECT FROM sentry_environment e"
        "   WHERE e.organization_id = w.organization_id AND e.name = w.name)"
        " ORDER BY w.n ON CONFLICT (organization_id, name) DO NOTHING",
        rows, count, error);
}

static bool read_ids(struct pg *pg, struct named_row *rows, size_t count, struct error *error)
{
    return named_rows_read_ids(
        pg,
        "SELECT w.n, e.id"
        " FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS w (organization_id, name, n)"
        " JOIN sentry_environment e"
        "   ON e.organization_id = w.organization_id AND e.name = w.name",
        rows, count, error);
}

bool environment_get_or_create(struct pg *pg, struct named_row *rows, size_t count,
                               struct error *error)
{
    return insert_missing(pg, rows, count, error) && read_ids(pg, rows, count, error) &&
           (named_rows_are_known(rows, count) ||
            error_set(error, ERROR_CONFLICT, "a new environment was deleted at once"));
}

bool environment_link_projects(struct pg *pg, const int64_t *project_ids,
                               const int64_t *environment_ids, size_t count, struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 2);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(&columns, project_ids[i]);
        pg_columns_add_int(&columns, environment_ids[i]);
    }
    bool done = pg_columns_execute(
        &columns, pg,
        "INSERT INTO sentry_environmentproject (project_id, environment_id, is_hidden)"
        " SELECT DISTINCT w.project_id, w.environment_id, NULL::boolean"
        " FROM unnest($1::bigint[], $2::bigint[]) AS w (project_id, environment_id)"
        " WHERE NOT EXISTS (SELECT FROM sentry_environmentproject e"
        "   WHERE e.project_id = w.project_id AND e.environment_id = w.environment_id)"
        " ORDER BY w.project_id, w.environment_id"
        " ON CONFLICT (project_id, environment_id) DO NOTHING",
        NULL, error);
    pg_columns_free(&columns);
    return done;
}

bool environment_read_name(struct pg *pg, int64_t id, struct arena *arena, const char **name,
                           struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    *name = NULL;
    pg_bind_int(&params, id);
    if (!pg_query(pg, "SELECT name FROM sentry_environment WHERE id = $1::bigint", &params, &result,
                  error))
        return false;
    const char *found = pg_rows(result) > 0 ? pg_text(result, 0, 0) : NULL;
    if (found != NULL)
        *name = arena_copy(arena, found, strlen(found), error);
    pg_result_free(result);
    return found == NULL || *name != NULL;
}
