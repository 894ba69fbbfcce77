#include "client/pg_wait.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>

enum {
    TICK_MS = 100,    /* how long an interrupt may go unnoticed */
    CANCEL_MS = 3000, /* how long a cancelled statement may take to end */
};

/* ---- giving up ---- */

/* In a thread of its own: a server that is stopped lets nobody who cancels go. */
static void *run_cancel(void *cancel)
{
    char ignored[256];
    (void)PQcancel(cancel, ignored, sizeof(ignored));
    PQfreeCancel(cancel);
    return NULL;
}

static void cancel(struct pg *pg)
{
    pthread_t thread;
    PGcancel *request = PQgetCancel(pg->connection);
    if (request == NULL)
        return;
    if (pthread_create(&thread, NULL, run_cancel, request) == 0)
        (void)pthread_detach(thread);
    else
        PQfreeCancel(request);
}

/* The server has been silent for too long. If it takes a new connection, it is this statement that
   takes too long; else the server is not there. */
static bool lose_patience(struct pg *pg, struct error *error)
{
    PGPing ping = PQPING_NO_RESPONSE;
    (void)pg_open(pg, &ping);
    if (ping == PQPING_OK)
        cancel(pg);
    pg_disconnect(pg);
    return error_set(error, ping == PQPING_OK ? ERROR_TIMEOUT : ERROR_AWAY,
                     "PostgreSQL has not answered for %" PRId64 " s", pg->patience_ms / 1000);
}

/* Whether to wait on. */
static bool go_on(struct pg *pg, struct error *error)
{
    int64_t now = clock_monotonic_ms();
    if (atomic_exchange(&pg->interrupted, false) && pg->cancelled_ms == 0) {
        cancel(pg);
        pg->cancelled_ms = now;
    }
    if (pg->cancelled_ms != 0 && now - pg->cancelled_ms >= CANCEL_MS) {
        pg_disconnect(pg);
        return error_set(error, ERROR_TIMEOUT, "the question to PostgreSQL was interrupted");
    }
    if (pg->patience_ms > 0 && now - pg->heard_ms >= pg->patience_ms)
        return lose_patience(pg, error);
    return true;
}

/* ---- waiting ---- */

/* Until the server has said something more; sends what is not sent yet. */
static bool wait_input(struct pg *pg, struct error *error)
{
    for (;;) {
        int unsent = PQflush(pg->connection);
        if (unsent < 0)
            return pg_lost(pg, error);
        if (!go_on(pg, error))
            return false;
        struct pollfd socket = {.fd = PQsocket(pg->connection),
                                .events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN)};
        int ready = poll(&socket, 1, TICK_MS);
        if (ready < 0 && errno != EINTR)
            return pg_lost(pg, error);
        if (ready <= 0 || (socket.revents & ~POLLOUT) == 0)
            continue;
        pg->heard_ms = clock_monotonic_ms();
        return PQconsumeInput(pg->connection) == 1 || pg_lost(pg, error);
    }
}

PGresult *pg_next_result(struct pg *pg, bool *lost, struct error *error)
{
    *lost = false;
    while (PQisBusy(pg->connection) == 1) {
        if (!wait_input(pg, error)) {
            *lost = true;
            return NULL;
        }
    }
    return PQgetResult(pg->connection);
}

int pg_next_row(struct pg *pg, char **row, struct error *error)
{
    pg->heard_ms = clock_monotonic_ms(); /* until now it was the caller who took his time */
    for (;;) {
        int size = PQgetCopyData(pg->connection, row, 1);
        if (size != 0)
            return size > 0 ? size : -1;
        if (!wait_input(pg, error))
            return 0;
    }
}

/* ---- statements ---- */

static bool succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

static bool is_copy(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

typedef char statement_name[16];

static void name_statement(const struct pg_prepared *prepared, statement_name name)
{
    (void)snprintf(name, sizeof(statement_name), "s%d", prepared->number);
}

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

/* Makes ready to wait for answers. */
static void start_waiting(struct pg *pg)
{
    pg->heard_ms = clock_monotonic_ms();
    pg->cancelled_ms = 0;
    atomic_store(&pg->interrupted, false); /* it was meant for an earlier statement */
}

/* The last result of one statement; NULL with *error when the connection had to be dropped. */
static PGresult *last_result(struct pg *pg, struct error *error)
{
    PGresult *last = NULL;
    bool gone = false;
    for (PGresult *next = pg_next_result(pg, &gone, error); next != NULL;
         next = pg_next_result(pg, &gone, error)) {
        PQclear(last);
        last = next;
        if (is_copy(last) || PQstatus(pg->connection) != CONNECTION_OK)
            break;
    }
    if (gone || last == NULL) {
        PQclear(last);
        if (!gone)
            (void)pg_lost(pg, error);
        return NULL;
    }
    return last;
}

/* ---- pipelines: what pg_later has left, and a statement behind it ---- */

/* Each time under a new name: nobody knows for sure what became of one that failed. */
static bool send_prepare(struct pg *pg, struct pg_prepared *prepared)
{
    statement_name name;
    prepared->number = ++pg->numbers;
    prepared->fresh = true;
    name_statement(prepared, name);
    pg->waiting++;
    return PQsetnonblocking(pg->connection, 1) == 0 &&
           PQsendPrepare(pg->connection, name, prepared->sql, 0, NULL) == 1;
}

static bool add_to_pipeline(struct pg *pg, const char *sql, const struct pg_params *params,
                            struct pg_prepared *prepared, struct error *error)
{
    if ((pg->waiting == 0 && PQenterPipelineMode(pg->connection) != 1) ||
        (prepared != NULL && prepared->number == 0 && !send_prepare(pg, prepared)) ||
        !send_statement(pg, sql, params, prepared))
        return pg_lost(pg, error);
    pg->waiting++;
    return true;
}

bool pg_later(struct pg *pg, const char *sql, const struct pg_params *params, struct error *error)
{
    const struct pg_params none = {.count = 0};
    if (pg->connection == NULL || PQstatus(pg->connection) != CONNECTION_OK)
        return pg_lost(pg, error);
    return add_to_pipeline(pg, sql, params == NULL ? &none : params,
                           pg_prepare_find(pg, sql, params), error);
}

bool pg_later_query(struct pg *pg, const char *sql, const struct pg_params *params,
                    struct pg_result **result, struct error *error)
{
    *result = NULL;
    struct pg_wanted *wanted = &pg->wanted;
    if (wanted->count == (int)ARRAY_LENGTH(wanted->index))
        return error_set(error, ERROR_INTERNAL, "too many answers of PostgreSQL are waited for");
    if (!pg_later(pg, sql, params, error))
        return false;
    wanted->index[wanted->count] = pg->waiting - 1;
    wanted->result[wanted->count++] = result;
    return true;
}

bool pg_send(struct pg *pg, struct error *error)
{
    return (pg->connection != NULL && PQflush(pg->connection) >= 0) || pg_lost(pg, error);
}

/* To the one who waits for it, if somebody does. */
static void hand_out(const struct pg_wanted *wanted, int index, PGresult *result)
{
    for (int i = 0; i < wanted->count; i++) {
        if (wanted->index[i] == index && succeeded(result)) {
            *wanted->result[i] = (struct pg_result *)result;
            return;
        }
    }
    PQclear(result);
}

static void take_back(const struct pg_wanted *wanted)
{
    for (int i = 0; i < wanted->count; i++) {
        pg_result_free(*wanted->result[i]);
        *wanted->result[i] = NULL;
    }
}

/* The first failure of all statements, or the result of number `main`. Behind a failure the server
   skips the rest. */
static PGresult *pipeline_results(struct pg *pg, int all, int main, const struct pg_wanted *wanted,
                                  struct error *error)
{
    PGresult *kept = NULL;
    for (int i = 0; i < all; i++) {
        PGresult *result = last_result(pg, error);
        if (result == NULL) {
            PQclear(kept);
            return NULL;
        }
        if (kept == NULL || (succeeded(kept) && !succeeded(result))) {
            PQclear(kept);
            kept = NULL;
        }
        if (kept == NULL && (i == main || !succeeded(result)))
            kept = result;
        else
            hand_out(wanted, i, result);
        if (PQstatus(pg->connection) != CONNECTION_OK)
            break;
    }
    return kept;
}

/* Sends off the pipeline and leaves it. The result is that of statement number `main`. */
static PGresult *converse(struct pg *pg, int main, const struct pg_wanted *wanted,
                          struct error *error)
{
    bool gone = false;
    int all = pg->waiting;
    pg->waiting = 0;
    start_waiting(pg);
    if (PQpipelineSync(pg->connection) != 1) {
        (void)pg_lost(pg, error);
        return NULL;
    }
    PGresult *kept = pipeline_results(pg, all, main, wanted, error);
    if (kept == NULL || PQstatus(pg->connection) != CONNECTION_OK)
        return kept;
    pg_prepare_settle(pg, succeeded(kept));
    PGresult *sync = pg_next_result(pg, &gone, error);
    bool left = !gone && PQresultStatus(sync) == PGRES_PIPELINE_SYNC &&
                PQexitPipelineMode(pg->connection) == 1 && PQsetnonblocking(pg->connection, 0) == 0;
    PQclear(sync);
    if (left)
        return kept;
    PQclear(kept);
    if (!gone)
        (void)pg_lost(pg, error);
    return NULL;
}

static PGresult *run_pipeline(struct pg *pg, int main, struct error *error)
{
    const struct pg_wanted wanted = pg->wanted;
    pg->wanted.count = 0;
    PGresult *result = converse(pg, main, &wanted, error);
    if (!succeeded(result))
        take_back(&wanted);
    return result;
}

bool pg_settle(struct pg *pg, struct error *error)
{
    pg->wanted.count = 0; /* whoever waits gives up, or may not be there any more */
    if (pg->waiting == 0)
        return true;
    PGresult *result = run_pipeline(pg, pg->waiting - 1, error);
    bool done = succeeded(result) || pg_fail(pg, result, error);
    PQclear(result);
    return done;
}

PGresult *pg_run(struct pg *pg, const char *sql, const struct pg_params *params,
                 struct error *error)
{
    struct pg_prepared *prepared = pg_prepare_find(pg, sql, params);
    bool joins = params != NULL && pg->waiting > 0;
    if (joins || (prepared != NULL && prepared->number == 0))
        return add_to_pipeline(pg, sql, params, prepared, error)
                   ? run_pipeline(pg, pg->waiting - 1, error)
                   : NULL;
    if (!pg_settle(pg, error))
        return NULL;
    start_waiting(pg);
    if (!send_statement(pg, sql, params, prepared)) {
        (void)pg_lost(pg, error);
        return NULL;
    }
    PGresult *last = last_result(pg, error);
    if (last != NULL)
        (void)PQsetnonblocking(pg->connection, 0); /* all is sent: for COPY, which is not polled */
    return last;
}
