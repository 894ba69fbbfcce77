/* SPDX-License-Identifier: Apache-2.0 */
#include "model/sentry_database.h"

#include "base/text.h"

/* Looks where the role's search path leads, and in Sentry's usual schema. */
bool database_is_sentrys(struct pg *pg, bool *is_sentrys, struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg,
                  "SELECT coalesce(to_regclass('django_migrations'),"
                  " to_regclass('public.django_migrations'),"
                  " to_regclass('south_migrationhistory'),"
                  " to_regclass('public.south_migrationhistory')) IS NOT NULL",
                  NULL, &result, error))
        return false;
    *is_sentrys = text_equal(pg_text(result, 0, 0), "t");
    pg_result_free(result);
    return true;
}
