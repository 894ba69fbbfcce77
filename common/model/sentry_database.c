/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_migrate.py. */
#include "model/sentry_database.h"

#include "base/text.h"

bool database_is_sentrys(struct pg *pg, bool *is_sentrys, struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg, "SELECT " DATABASE_IS_SENTRYS, NULL, &result, error))
        return false;
    *is_sentrys = text_equal(pg_text(result, 0, 0), "t");
    pg_result_free(result);
    return true;
}
