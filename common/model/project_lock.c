/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of project.h that locks projects.
 *
 * Tested by tests/system/test_ingest.py.
 */
#include "client/pg_columns.h"
#include "model/project.h"

bool project_lock(struct pg *pg, const int64_t *project_ids, size_t count,
                  int64_t *organization_ids, struct error *error)
{
    struct pg_columns columns;
    struct pg_result *result = NULL;
    pg_columns_init(&columns, 1);
    for (size_t i = 0; i < count; i++)
        pg_columns_add_int(&columns, project_ids[i]);
    bool done = pg_columns_query(&columns, pg,
                                 "SELECT w.n, p.organization_id"
                                 " FROM unnest($1::bigint[]) WITH ORDINALITY AS w (id, n)"
                                 " JOIN sentry_project p ON p.id = w.id"
                                 " ORDER BY p.id FOR KEY SHARE OF p",
                                 &result, error);
    for (int i = 0; done && i < pg_rows(result); i++)
        organization_ids[pg_int(result, i, 0) - 1] = pg_int(result, i, 1);
    pg_result_free(result);
    pg_columns_free(&columns);
    return done;
}
