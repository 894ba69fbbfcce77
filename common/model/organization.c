#include "model/organization.h"

bool organization_find(struct pg *pg, const char *slug, int64_t *id, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, slug);
    if (!pg_query(pg, "SELECT id FROM sentry_organization WHERE slug = $1::text", &params, &result,
                  error))
        return false;
    bool found = pg_rows(result) > 0 ||
                 error_set(error, ERROR_NOT_FOUND, "there is no organization \"%.100s\"", slug);
    if (found)
        *id = pg_int(result, 0, 0);
    pg_result_free(result);
    return found;
}

bool organization_slug(struct pg *pg, int64_t id, struct arena *arena, const char **slug,
                       struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, id);
    if (!pg_query(pg, "SELECT slug FROM sentry_organization WHERE id = $1::bigint", &params,
                  &result, error))
        return false;
    bool found = pg_rows(result) > 0 ||
                 error_set(error, ERROR_NOT_FOUND, "there is no organization %" PRId64, id);
    if (found) {
        const char *text = pg_text(result, 0, 0);
        *slug = arena_copy(arena, text, strlen(text), error);
        found = *slug != NULL;
    }
    pg_result_free(result);
    return found;
}
