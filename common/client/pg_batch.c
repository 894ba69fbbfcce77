/* SPDX-License-Identifier: Apache-2.0 */
/* Sends statements, one alone or several in a pipeline of libpq. A repeated statement is prepared
   at its third use, in the same pipeline. Tested by tests/system/test_database_trouble.py and
   tests/system/test_pgbouncer.py. */
#include "client/pg_internal.h"

bool pg_succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* ---- sending ---- */

typedef char statement_name[16];

static void name_statement(const struct pg_prepared *prepared, statement_name name)
{
    (void)snprintf(name, sizeof(statement_name), "s%d", prepared->number);
}

/* The connection is set non-blocking, so that sending cannot hang within libpq. */
static bool send_statement(struct pg *pg, const char *sql, const struct pg_params *params,
                           const struct pg_prepared *prepared)
{
    statement_name name;
    if (PQsetnonblocking(pg->connection, 1) != 0)
        return false;
    if (params == NULL)
        return PQsendQuery(pg->connection, sql) == 1;
    if (prepared == NULL)
        return PQsendQueryParams(pg->connection, sql, params->count, NULL, params->values,
                                 params->sizes, params->formats, 0) == 1;
    name_statement(prepared, name);
    return PQsendQueryPrepared(pg->connection, name, params->count, params->values, params->sizes,
                               params->formats, 0) == 1;
}

/* Each PREPARE has a new name: after a failure the old name may be in use on the server. */
static bool send_prepare(struct pg *pg, struct pg_prepared *prepared)
{
    statement_name name;
    prepared->number = ++pg->numbers;
    prepared->fresh = true;
    name_statement(prepared, name);
    return PQsetnonblocking(pg->connection, 1) == 0 &&
           PQsendPrepare(pg->connection, name, prepared->sql, 0, NULL) == 1;
}

/* ---- batches ---- */

void pg_batch_init(struct pg_batch *batch, struct pg *pg)
{
    *batch = (struct pg_batch){.pg = pg};
}

static bool start_pipeline(struct pg_batch *batch, struct error *error)
{
    struct pg *pg = batch->pg;
    if (!pg_is_connected(pg))
        return pg_lost(pg, error);
    if (pg->in_batch)
        return error_set(error, ERROR_INTERNAL, "another batch of statements has begun");
    pg->in_batch = true;
    return PQenterPipelineMode(pg->connection) == 1 || pg_lost(pg, error);
}

bool pg_batch_add(struct pg_batch *batch, const char *sql, const struct pg_params *params,
                  struct error *error)
{
    const struct pg_params none = {.count = 0};
    struct pg *pg = batch->pg;
    if (batch->count == PG_BATCH_MAX)
        abort(); /* a bug that the first run shows */
    if (batch->count == 0 && !start_pipeline(batch, error))
        return false;
    if (!pg->in_batch)
        return pg_lost(pg, error);
    struct pg_prepared *prepared = pg_prepare_find(pg, sql, params);
    if (prepared != NULL && prepared->number == 0) {
        if (!send_prepare(pg, prepared))
            return pg_lost(pg, error);
        batch->sent++;
    }
    if (!send_statement(pg, sql, params == NULL ? &none : params, prepared))
        return pg_lost(pg, error);
    batch->place[batch->count++] = batch->sent++;
    return true;
}

/* Reads all results and keeps those of the statements, not those of PREPARE. *failure is the first
   failure, which may be that the server shuts down; after it the server skips the rest. */
static bool read_results(struct pg_batch *batch, PGresult **failure, struct error *error)
{
    struct pg *pg = batch->pg;
    int next = 0;
    for (int i = 0; i < batch->sent; i++) {
        PGresult *result = pg_last_result(pg, error);
        if (result == NULL)
            return false;
        if (*failure == NULL && !pg_succeeded(result))
            *failure = result;
        else if (*failure == NULL && i == batch->place[next])
            batch->results[next++] = (struct pg_result *)result;
        else
            PQclear(result);
        if (!pg_is_connected(pg))
            break;
    }
    return true;
}

/* The last result of a pipeline is that of its sync. */
static bool end_pipeline(struct pg *pg, struct error *error)
{
    bool gone = false;
    PGresult *sync = pg_next_result(pg, &gone, error);
    bool left = !gone && PQresultStatus(sync) == PGRES_PIPELINE_SYNC &&
                PQexitPipelineMode(pg->connection) == 1 && PQsetnonblocking(pg->connection, 0) == 0;
    PQclear(sync);
    return left || gone ? left : pg_lost(pg, error);
}

static bool run_pipeline(struct pg_batch *batch, struct error *error)
{
    struct pg *pg = batch->pg;
    PGresult *failure = NULL;
    pg_start_waiting(pg);
    if (PQpipelineSync(pg->connection) != 1)
        return pg_lost(pg, error);
    bool done = read_results(batch, &failure, error);
    pg_prepare_settle(pg, done && failure == NULL);
    if (done && pg_is_connected(pg))
        done = end_pipeline(pg, error);
    if (done && failure != NULL)
        done = pg_fail(pg, failure, error);
    else if (done && !pg_is_connected(pg))
        done = pg_lost(pg, error);
    PQclear(failure);
    return done;
}

bool pg_batch_run(struct pg_batch *batch, struct error *error)
{
    struct pg *pg = batch->pg;
    if (batch->count == 0)
        return true;
    if (!pg->in_batch) /* the connection was lost meanwhile */
        return pg_lost(pg, error);
    pg->in_batch = false;
    bool done = run_pipeline(batch, error);
    if (done)
        pg->sqlstate[0] = '\0';
    else
        pg_batch_free(batch);
    return done;
}

void pg_batch_free(struct pg_batch *batch)
{
    for (int i = 0; i < PG_BATCH_MAX; i++) {
        pg_result_free(batch->results[i]);
        batch->results[i] = NULL;
    }
    batch->count = batch->sent = 0;
}

/* ---- one statement ---- */

/* Prepares a statement and runs it, in one round trip. */
static PGresult *run_in_batch(struct pg *pg, const char *sql, const struct pg_params *params,
                              struct error *error)
{
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    bool done = pg_batch_add(&batch, sql, params, error) && pg_batch_run(&batch, error);
    return done ? (PGresult *)batch.results[0] : NULL;
}

PGresult *pg_run(struct pg *pg, const char *sql, const struct pg_params *params,
                 struct error *error)
{
    if (pg->in_batch) {
        (void)error_set(error, ERROR_INTERNAL, "a batch of statements has begun");
        return NULL;
    }
    struct pg_prepared *prepared = pg_prepare_find(pg, sql, params);
    if (prepared != NULL && prepared->number == 0)
        return run_in_batch(pg, sql, params, error);
    pg_start_waiting(pg);
    if (!send_statement(pg, sql, params, prepared)) {
        (void)pg_lost(pg, error);
        return NULL;
    }
    PGresult *last = pg_last_result(pg, error);
    if (last != NULL)
        (void)PQsetnonblocking(pg->connection, 0); /* all is sent; COPY FROM blocks */
    return last;
}
