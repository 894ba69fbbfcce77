/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_ingest.py. */
#include "model/sequence.h"

bool sequence_take(struct pg *pg, const char *table, int64_t *ids, size_t count,
                   struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, table);
    pg_bind_int(&params, (int64_t)count);
    if (!pg_query(pg,
                  "SELECT nextval((SELECT pg_get_serial_sequence($1, 'id')::regclass)) AS id"
                  " FROM generate_series(1, $2::bigint) ORDER BY id",
                  &params, &result, error))
        return false;
    bool done = (size_t)pg_rows(result) == count;
    for (int i = 0; done && i < pg_rows(result); i++) {
        ids[i] = pg_int(result, i, 0);
        done = ids[i] > 0; /* a column without a sequence gives NULL */
    }
    pg_result_free(result);
    return done || error_set(error, ERROR_QUERY, "%s.id has no sequence", table);
}
