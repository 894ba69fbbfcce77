/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/model/rows_test.c. */
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
