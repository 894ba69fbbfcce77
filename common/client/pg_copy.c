/* SPDX-License-Identifier: Apache-2.0 */
/* COPY, in both directions.
   Tested by tests/system/test_tagstore_export.py and tests/system/test_ingest.py. */
#include "client/pg_internal.h"

bool pg_copy_out(struct pg *pg, const char *sql, struct error *error)
{
    if (!pg_is_connected(pg))
        return pg_lost(pg, error);
    PGresult *answer = pg_run(pg, sql, NULL, error);
    bool done = PQresultStatus(answer) == PGRES_COPY_OUT || pg_fail(pg, answer, error);
    PQclear(answer);
    return done;
}

/* Reads the results after the last row, which say whether the COPY succeeded. */
static bool end_copy(struct pg *pg, struct error *error)
{
    bool done = true;
    bool gone = false;
    for (PGresult *answer = pg_next_result(pg, &gone, error); answer != NULL;
         answer = pg_next_result(pg, &gone, error)) {
        if (done && !pg_succeeded(answer))
            done = pg_fail(pg, answer, error);
        PQclear(answer);
        if (!pg_is_connected(pg))
            break;
    }
    return done && !gone;
}

bool pg_copy_next(struct pg *pg, const char **data, size_t *size, bool *end, struct error *error)
{
    *end = false;
    if (!pg_is_connected(pg))
        return pg_lost(pg, error);
    if (pg->copy_row != NULL)
        PQfreemem(pg->copy_row);
    pg->copy_row = NULL;
    int length = pg_next_row(pg, &pg->copy_row, error);
    if (length > 0) {
        *data = pg->copy_row;
        *size = (size_t)length;
        return true;
    }
    *end = length < 0;
    return *end && end_copy(pg, error);
}

bool pg_copy_in(struct pg *pg, const char *sql, const struct buffer *data, struct error *error)
{
    static const size_t piece = (size_t)1024 * 1024; /* libpq takes the size as an int */
    if (!pg_is_connected(pg))
        return pg_lost(pg, error);
    PGresult *answer = pg_run(pg, sql, NULL, error);
    bool done = PQresultStatus(answer) == PGRES_COPY_IN || pg_fail(pg, answer, error);
    PQclear(answer);
    if (!done)
        return false;
    for (size_t at = 0; at < data->size; at += piece) {
        size_t size = data->size - at < piece ? data->size - at : piece;
        if (PQputCopyData(pg->connection, data->data + at, (int)size) != 1)
            return pg_lost(pg, error);
    }
    if (PQputCopyEnd(pg->connection, NULL) != 1)
        return pg_lost(pg, error);
    pg->sqlstate[0] = '\0';
    pg->heard_ms = clock_monotonic_ms();
    return end_copy(pg, error);
}
