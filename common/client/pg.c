/* SPDX-License-Identifier: Apache-2.0 */
/* The connection, its errors, statements and transactions. Each SQLSTATE is mapped to one of our
   error codes. Sending is in pg_batch.c, waiting in pg_wait.c. Tested by
   tests/system/test_database_trouble.py and tests/system/test_pgbouncer.py. */
#include "client/pg.h"

#include "base/text.h"
#include "client/pg_internal.h"

enum { FRESH_MS = 1000 }; /* a connection used within this time counts as good */

struct pg_result; /* never defined: each is a PGresult of libpq */

/* ---- errors ---- */

struct state_class {
    const char *prefix; /* of the SQLSTATE; the first entry that matches counts */
    enum error_code code;
};

static const struct state_class state_classes[] = {
    {"08", ERROR_AWAY},        /* connection exception */
    {"57P0", ERROR_AWAY},      /* shutdown, crash, starting up */
    {"53200", ERROR_OVERLOAD}, /* out of memory */
    {"53", ERROR_AWAY},        /* disk full, too many connections */
    {"58", ERROR_AWAY},        /* the server's own I/O errors */
    {"57014", ERROR_TIMEOUT},
    {"55P03", ERROR_TIMEOUT}, /* lock not available */
    {"25P03", ERROR_AWAY},    /* idle in transaction time-out: the connection is closed */
    {"23505", ERROR_CONFLICT},
    {"23503", ERROR_CONFLICT},
    {"40", ERROR_CONFLICT}, /* serialization failure, deadlock */
    {"28", ERROR_DENIED},
    {"42501", ERROR_DENIED},
    {"25006", ERROR_AWAY}, /* read-only: a standby, until it is promoted */
    {"2200H", ERROR_AWAY}, /* a sequence is at its end */
    {"22003", ERROR_AWAY}, /* a sequence has outgrown its column; our own numbers are checked */
    {"22", ERROR_INVALID},
    {"54000", ERROR_AWAY}, /* no transaction numbers are left until a vacuum */
};

static enum error_code code_of_state(const char *state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(state_classes); i++)
        if (text_starts_with(state, state_classes[i].prefix))
            return state_classes[i].code;
    return ERROR_QUERY;
}

/* Errors of class 22 have the offending input between double quotes. All other errors, and these
   three of class 22, have the name of a table, a sequence or an encoding there. */
static bool quotes_values(const char *state)
{
    return text_starts_with(state, "22") && !text_equal(state, "2200H") &&
           !text_equal(state, "22021") && !text_equal(state, "22P05");
}

/* Copies the first line, without the quoted parts if `cut_quoted`. */
static void copy_message(char *to, size_t size, const char *from, bool cut_quoted)
{
    size_t used = 0;
    bool quoted = false;
    for (; *from != '\0' && *from != '\n' && used + 1 < size; from++) {
        if (*from == '"')
            quoted = !quoted;
        else if (quoted && cut_quoted)
            continue;
        to[used++] = *from;
    }
    to[used] = '\0';
}

bool pg_is_connected(const struct pg *pg)
{
    return pg->connection != NULL && PQstatus(pg->connection) == CONNECTION_OK;
}

bool pg_lost(struct pg *pg, struct error *error)
{
    pg_disconnect(pg);
    return error_set(error, ERROR_AWAY, "the connection to PostgreSQL is lost");
}

/* Whether a new connection helps: the server has forgotten the prepared statement (26000), or one
   of its columns has another type since (0A000). */
static bool is_about_prepared(const struct pg *pg, const char *state)
{
    return pg->numbers > 0 && (text_equal(state, "26000") || text_equal(state, "0A000"));
}

bool pg_fail(struct pg *pg, const PGresult *result, struct error *error)
{
    char message[300];
    if (result == NULL)
        return false;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL || !pg_is_connected(pg))
        return pg_lost(pg, error);
    if (!text_copy(pg->sqlstate, sizeof(pg->sqlstate), state))
        pg->sqlstate[0] = '\0';
    if (is_about_prepared(pg, state))
        return pg_lost(pg, error);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    copy_message(message, sizeof(message), primary == NULL ? "" : primary, quotes_values(state));
    return error_set(error, code_of_state(state), "PostgreSQL error %s: %s", state, message);
}

/* ---- the connection ---- */

/* Whether a password in a URI seems to hold an unescaped '@' or '/'. libpq ends the login at the
   first '@', and looks for none after a '/'. It takes the rest of the password for a host, a port
   or a database, and its errors would show it. */
static bool has_stray_password(const char *conninfo)
{
    const char *scheme = strstr(conninfo, "://");
    if (!text_starts_with(conninfo, "postgres") || scheme == NULL)
        return false; /* keywords */
    const char *authority = scheme + 3;
    const char *path = authority + strcspn(authority, "/");
    const char *at = memchr(authority, '@', (size_t)(path - authority));
    const char *hosts = at == NULL ? authority : at + 1;
    return memchr(hosts, '@', strcspn(hosts, "?")) != NULL;
}

/* libpq's errors also show a port that is not a number. */
static bool are_ports_numbers(const PQconninfoOption *options)
{
    for (; options->keyword != NULL; options++)
        if (text_equal(options->keyword, "port") && options->val != NULL &&
            strspn(options->val, "0123456789, ") != strlen(options->val))
            return false;
    return true;
}

bool pg_check_url(const char *conninfo, struct error *error)
{
    char *reason = NULL; /* not shown: it may hold a part of the password */
    PQconninfoOption *options = PQconninfoParse(conninfo, &reason);
    PQfreemem(reason);
    if (options == NULL)
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_DATABASE_URL: not a libpq connection string or URI");
    bool fine = !has_stray_password(conninfo) && are_ports_numbers(options);
    PQconninfoFree(options);
    return fine || error_set(error, ERROR_USAGE,
                             "EXPORTD_DATABASE_URL: in a URI's user, password and database an @ is "
                             "written %%40, a / %%2F, a : %%3A and a ? %%3F; a port is a number");
}

struct pg *pg_new(const char *conninfo, const char *role)
{
    struct pg *pg = memory_zeroed(1, sizeof(*pg));
    if (pg == NULL)
        return NULL;
    pg->conninfo = text_duplicate(conninfo);
    pg->role = text_duplicate(role);
    if (pg->conninfo == NULL || pg->role == NULL) {
        pg_free(pg);
        return NULL;
    }
    return pg;
}

void pg_free(struct pg *pg)
{
    if (pg == NULL)
        return;
    pg_disconnect(pg);
    free(pg->conninfo);
    free(pg->role);
    free(pg);
}

void pg_disconnect(struct pg *pg)
{
    if (pg->copy_row != NULL)
        PQfreemem(pg->copy_row);
    pg->copy_row = NULL;
    PQfinish(pg->connection);
    pg->connection = NULL;
    pg->in_batch = false;
    pg_prepare_forget(pg);
    pg->sqlstate[0] = '\0';
}

int64_t pg_set_patience(struct pg *pg, int64_t ms)
{
    int64_t before = pg->patience_ms;
    pg->patience_ms = ms;
    return before;
}

void pg_interrupt(struct pg *pg)
{
    atomic_store(&pg->interrupted, true);
}

/* Without a receiver, libpq would write notices to standard error. */
static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

PGconn *pg_open(const struct pg *pg, PGPing *ping)
{
    /* A later entry replaces an earlier one. Those before "dbname", which is the connection string,
       are defaults; it cannot change those after it. Without time-outs a dead server would hang a
       worker for many minutes. The last value is PG_PING_SECONDS. */
    const char *const names[] = {"connect_timeout",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "tcp_user_timeout",
                                 "fallback_application_name",
                                 "dbname",
                                 "client_encoding",
                                 ping == NULL ? NULL : "connect_timeout",
                                 NULL};
    const char *const values[] = {"10",     "30",         "10",   "3", "60000",
                                  pg->role, pg->conninfo, "UTF8", "2", NULL};
    if (ping == NULL)
        return PQconnectdbParams(names, values, 1);
    *ping = PQpingParams(names, values, 1);
    return NULL;
}

bool pg_connect(struct pg *pg, struct error *error)
{
    char reason[300];
    if (pg_is_connected(pg))
        return true;
    pg_disconnect(pg);
    pg->connection = pg_open(pg, NULL);
    if (pg_is_connected(pg)) {
        PQsetNoticeReceiver(pg->connection, ignore_notice, NULL);
        pg_encoding_detect(pg);
        pg_prepare_detect(pg);
        return pg_is_connected(pg) || pg_lost(pg, error);
    }
    copy_message(reason, sizeof(reason),
                 pg->connection == NULL ? "no memory" : PQerrorMessage(pg->connection), false);
    pg_disconnect(pg);
    return error_set(error, ERROR_AWAY, "PostgreSQL cannot be reached: %s", reason);
}

bool pg_answers(const struct pg *pg)
{
    PGPing ping = PQPING_NO_RESPONSE;
    (void)pg_open(pg, &ping);
    return ping == PQPING_OK;
}

const char *pg_sqlstate(const struct pg *pg)
{
    return pg->sqlstate;
}

int pg_server_version(const struct pg *pg)
{
    return pg->connection == NULL ? 0 : PQserverVersion(pg->connection);
}

/* ---- statements ---- */

bool pg_query(struct pg *pg, const char *sql, const struct pg_params *params,
              struct pg_result **result, struct error *error)
{
    *result = NULL;
    if (!pg_is_connected(pg))
        return pg_lost(pg, error);
    const struct pg_params none = {.count = 0};
    const struct pg_params *given = params == NULL ? &none : params;
    PGresult *answer = pg_run(pg, sql, given, error);
    if (!pg_succeeded(answer)) {
        pg_fail(pg, answer, error);
        PQclear(answer);
        return false;
    }
    pg->sqlstate[0] = '\0';
    *result = (struct pg_result *)answer;
    return true;
}

bool pg_query_alone(struct pg *pg, const char *sql, const struct pg_params *params,
                    struct pg_result **result, struct error *error)
{
    if (pg_query(pg, sql, params, result, error))
        return true;
    if (!pg_is_connected(pg))
        error->code = ERROR_AWAY;
    return false;
}

bool pg_query_int(struct pg *pg, const char *sql, const struct pg_params *params, int64_t *number,
                  struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg, sql, params, &result, error))
        return false;
    *number = pg_rows(result) > 0 ? pg_int(result, 0, 0) : 0;
    pg_result_free(result);
    return true;
}

bool pg_execute(struct pg *pg, const char *sql, const struct pg_params *params, int64_t *affected,
                struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg, sql, params, &result, error))
        return false;
    /* The text is empty for a statement that changes no rows. */
    if (affected != NULL && !text_to_int64(PQcmdTuples((PGresult *)result), 0, INT64_MAX, affected))
        *affected = 0;
    pg_result_free(result);
    return true;
}

bool pg_script(struct pg *pg, const char *sql, struct error *error)
{
    if (!pg_is_connected(pg))
        return pg_lost(pg, error);
    PGresult *answer = pg_run(pg, sql, NULL, error);
    bool done = pg_succeeded(answer) || pg_fail(pg, answer, error);
    PQclear(answer);
    return done;
}

int pg_rows(const struct pg_result *result)
{
    return PQntuples((const PGresult *)result);
}

bool pg_is_null(const struct pg_result *result, int row, int column)
{
    return PQgetisnull((const PGresult *)result, row, column) != 0;
}

const char *pg_text(const struct pg_result *result, int row, int column)
{
    return pg_is_null(result, row, column) ? NULL
                                           : PQgetvalue((const PGresult *)result, row, column);
}

int64_t pg_int(const struct pg_result *result, int row, int column)
{
    int64_t number = 0;
    const char *text = pg_text(result, row, column);
    return text != NULL && text_to_int64(text, INT64_MIN, INT64_MAX, &number) ? number : 0;
}

int64_t pg_time(const struct pg_result *result, int row, int column)
{
    return pg_is_null(result, row, column) ? USEC_NONE : pg_int(result, row, column);
}

void pg_result_free(struct pg_result *result)
{
    PQclear((PGresult *)result);
}

bool pg_wake(struct pg *pg, struct error *error)
{
    if (pg_is_connected(pg) && (clock_monotonic_ms() - pg->heard_ms < FRESH_MS ||
                                pg_execute(pg, "SELECT 1", NULL, NULL, error)))
        return true;
    pg_disconnect(pg);
    return pg_connect(pg, error);
}

/* ---- transactions ---- */

static const struct pg_params repeated = {.repeated = true};

bool pg_batch_add_begin(struct pg_batch *batch, struct error *error)
{
    return pg_batch_add(batch, "BEGIN", &repeated, error) &&
           pg_batch_add(batch, "SET LOCAL idle_in_transaction_session_timeout = '30s'", &repeated,
                        error);
}

bool pg_begin(struct pg *pg, struct error *error)
{
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    bool done = pg_batch_add_begin(&batch, error) && pg_batch_run(&batch, error);
    pg_batch_free(&batch);
    return done;
}

bool pg_batch_commit(struct pg_batch *batch, struct error *error)
{
    int commit = batch->count;
    if (!pg_batch_add(batch, "COMMIT", &repeated, error))
        return false;
    if (!pg_batch_run(batch, error)) {
        if (!pg_is_connected(batch->pg))
            error->code = ERROR_AWAY; /* the answer is lost, whatever the cause */
        return false;
    }
    const char *status = PQcmdStatus((PGresult *)batch->results[commit]);
    return text_equal(status, "COMMIT") || /* a failed transaction answers ROLLBACK */
           error_set(error, ERROR_INTERNAL, "the transaction had failed and was rolled back");
}

bool pg_commit(struct pg *pg, struct error *error)
{
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    bool done = pg_batch_commit(&batch, error);
    pg_batch_free(&batch);
    return done;
}

void pg_rollback(struct pg *pg)
{
    struct error ignored;
    if (!pg_is_connected(pg))
        return;
    if (PQtransactionStatus(pg->connection) == PQTRANS_IDLE) /* no round trip is needed */
        return;
    char state[sizeof(pg->sqlstate)]; /* keep that of the failure that led here */
    memcpy(state, pg->sqlstate, sizeof(state));
    /* ROLLBACK cannot be sent while a batch or a COPY is in progress. */
    if (pg->in_batch || PQtransactionStatus(pg->connection) == PQTRANS_ACTIVE ||
        !pg_execute(pg, "ROLLBACK", NULL, NULL, &ignored))
        pg_disconnect(pg);
    memcpy(pg->sqlstate, state, sizeof(state));
}
