#include "client/pg.h"

#include "base/text.h"

#include <libpq-fe.h>
#include <pthread.h>

struct pg {
    PGconn *connection;           /* NULL: none */
    pthread_mutex_t cancel_mutex; /* guards `cancel`, which pg_interrupt uses from other threads */
    PGcancel *cancel;
    char *conninfo;
    char *role;
    char sqlstate[6];
    char *copy_row; /* what pg_copy_next gave out last */
};

struct pg_result; /* is a PGresult: nobody outside can tell */

/* ---- errors ---- */

struct state_class {
    const char *prefix; /* of the SQLSTATE; the first that fits counts */
    enum error_code code;
};

static const struct state_class state_classes[] = {
    {"08", ERROR_AWAY},                                  /* connection exception */
    {"57P0", ERROR_AWAY},                                /* shutdown, crash, starting up */
    {"53200", ERROR_OVERLOAD},                           /* out of memory */
    {"53", ERROR_AWAY},                                  /* disk full, too many connections */
    {"58", ERROR_AWAY},                                  /* the server's own I/O errors */
    {"57014", ERROR_TIMEOUT},  {"55P03", ERROR_TIMEOUT}, /* lock not available */
    {"25P03", ERROR_AWAY}, /* idle in transaction time-out: the connection is closed */
    {"23505", ERROR_CONFLICT}, {"23503", ERROR_CONFLICT},
    {"40", ERROR_CONFLICT}, /* serialization failure, deadlock */
    {"28", ERROR_DENIED},      {"42501", ERROR_DENIED},
    {"25006", ERROR_AWAY}, /* read-only: a standby, until it is promoted */
    {"22", ERROR_INVALID},
};

static enum error_code code_of_state(const char *state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(state_classes); i++)
        if (text_starts_with(state, state_classes[i].prefix))
            return state_classes[i].code;
    return ERROR_QUERY;
}

/* The first line only; what stands in double quotes is cut where it may be a value (class 22 puts
   the offending input there; elsewhere it is the name of a table or constraint). */
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

static bool is_connected(const struct pg *pg)
{
    return pg->connection != NULL && PQstatus(pg->connection) == CONNECTION_OK;
}

static bool lost(struct pg *pg, struct error *error)
{
    pg->sqlstate[0] = '\0';
    pg_disconnect(pg);
    return error_set(error, ERROR_AWAY, "the connection to PostgreSQL is lost");
}

/* Fills *error from a result that is no success (or NULL). */
static bool fail(struct pg *pg, const PGresult *result, struct error *error)
{
    char message[300];
    const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL || !is_connected(pg))
        return lost(pg, error);
    if (!text_copy(pg->sqlstate, sizeof(pg->sqlstate), state))
        pg->sqlstate[0] = '\0';
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    copy_message(message, sizeof(message), primary == NULL ? "" : primary,
                 text_starts_with(state, "22"));
    return error_set(error, code_of_state(state), "PostgreSQL error %s: %s", state, message);
}

/* ---- the connection ---- */

bool pg_check_url(const char *conninfo, struct error *error)
{
    char *reason = NULL; /* repeats stray words, which may be the password */
    PQconninfoOption *options = PQconninfoParse(conninfo, &reason);
    PQfreemem(reason);
    if (options == NULL)
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_DATABASE_URL: not a libpq connection string or URI");
    PQconninfoFree(options);
    return true;
}

struct pg *pg_new(const char *conninfo, const char *role)
{
    struct pg *pg = calloc(1, sizeof(*pg));
    if (pg == NULL)
        return NULL;
    (void)pthread_mutex_init(&pg->cancel_mutex, NULL);
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
    (void)pthread_mutex_destroy(&pg->cancel_mutex);
    free(pg->conninfo);
    free(pg->role);
    free(pg);
}

static void set_cancel(struct pg *pg, PGcancel *cancel)
{
    (void)pthread_mutex_lock(&pg->cancel_mutex);
    PQfreeCancel(pg->cancel);
    pg->cancel = cancel;
    (void)pthread_mutex_unlock(&pg->cancel_mutex);
}

void pg_disconnect(struct pg *pg)
{
    if (pg->copy_row != NULL)
        PQfreemem(pg->copy_row);
    pg->copy_row = NULL;
    set_cancel(pg, NULL);
    PQfinish(pg->connection);
    pg->connection = NULL;
}

void pg_interrupt(struct pg *pg)
{
    char ignored[256];
    (void)pthread_mutex_lock(&pg->cancel_mutex);
    if (pg->cancel != NULL)
        (void)PQcancel(pg->cancel, ignored, sizeof(ignored));
    (void)pthread_mutex_unlock(&pg->cancel_mutex);
}

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

bool pg_connect(struct pg *pg, struct error *error)
{
    /* Defaults first, so that the connection string wins; the names behind it are not its business.
       Without time-outs a dead server would hang a worker for many minutes. */
    const char *const names[] = {
        "connect_timeout",  "keepalives_idle",  "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "fallback_application_name",
        "dbname",           "client_encoding",  NULL};
    const char *const values[] = {"10",     "30",         "10",   "3", "60000",
                                  pg->role, pg->conninfo, "UTF8", NULL};
    if (is_connected(pg))
        return true;
    pg_disconnect(pg);
    pg->sqlstate[0] = '\0';
    pg->connection = PQconnectdbParams(names, values, 1);
    if (is_connected(pg)) {
        PQsetNoticeReceiver(pg->connection, ignore_notice, NULL);
        set_cancel(pg, PQgetCancel(pg->connection));
        return true;
    }
    char reason[300];
    copy_message(reason, sizeof(reason),
                 pg->connection == NULL ? "no memory" : PQerrorMessage(pg->connection), false);
    pg_disconnect(pg);
    return error_set(error, ERROR_AWAY, "PostgreSQL cannot be reached: %s", reason);
}

const char *pg_sqlstate(const struct pg *pg)
{
    return pg->sqlstate;
}

int pg_server_version(const struct pg *pg)
{
    return pg->connection == NULL ? 0 : PQserverVersion(pg->connection);
}

/* ---- parameters ---- */

static void bind(struct pg_params *params, const char *value)
{
    if (params->count >= PG_PARAMS_MAX)
        abort(); /* a statement with too many parameters is a bug that its first run shows */
    params->sizes[params->count] = 0;
    params->formats[params->count] = 0;
    params->values[params->count++] = value;
}

void pg_bind_text(struct pg_params *params, const char *text_or_null)
{
    bind(params, text_or_null);
}

void pg_bind_int(struct pg_params *params, int64_t number)
{
    bind(params, NULL);
    int slot = params->count - 1;
    (void)snprintf(params->numbers[slot], CLOCK_TEXT_MAX, "%" PRId64, number);
    params->values[slot] = params->numbers[slot];
}

void pg_bind_null(struct pg_params *params)
{
    bind(params, NULL);
}

void pg_bind_binary(struct pg_params *params, const struct buffer *value)
{
    bind(params, value->data);
    params->sizes[params->count - 1] = value->size > INT32_MAX ? INT32_MAX : (int)value->size;
    params->formats[params->count - 1] = 1;
}

void pg_bind_time(struct pg_params *params, int64_t usec)
{
    bind(params, NULL);
    int slot = params->count - 1;
    if (usec != USEC_NONE)
        params->values[slot] = clock_format_iso(usec, params->numbers[slot]);
}

void pg_array_init(struct pg_array *array, size_t maximum)
{
    buffer_init(&array->text, maximum);
}

void pg_array_free(struct pg_array *array)
{
    buffer_free(&array->text);
}

static bool start_element(struct pg_array *array, struct error *error)
{
    return buffer_append_byte(&array->text, array->text.size == 0 ? '{' : ',', error);
}

bool pg_array_add_text(struct pg_array *array, const char *text_or_null, struct error *error)
{
    if (!start_element(array, error))
        return false;
    if (text_or_null == NULL)
        return buffer_append_text(&array->text, "NULL", error);
    if (!buffer_append_byte(&array->text, '"', error))
        return false;
    for (const char *c = text_or_null; *c != '\0';) {
        size_t plain = strcspn(c, "\"\\");
        if (!buffer_append(&array->text, c, plain, error))
            return false;
        c += plain;
        if (*c != '\0' && !buffer_printf(&array->text, error, "\\%c", *c++))
            return false;
    }
    return buffer_append_byte(&array->text, '"', error);
}

bool pg_array_add_int(struct pg_array *array, int64_t number, struct error *error)
{
    return start_element(array, error) && buffer_printf(&array->text, error, "%" PRId64, number);
}

bool pg_array_text(struct pg_array *array, const char **text, struct error *error)
{
    if (array->text.size == 0 && !buffer_append_byte(&array->text, '{', error))
        return false;
    if (!buffer_append_byte(&array->text, '}', error))
        return false;
    *text = array->text.data;
    return true;
}

/* ---- statements ---- */

static bool succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

bool pg_query(struct pg *pg, const char *sql, const struct pg_params *params,
              struct pg_result **result, struct error *error)
{
    *result = NULL;
    if (!is_connected(pg))
        return lost(pg, error);
    const struct pg_params none = {.count = 0};
    const struct pg_params *given = params == NULL ? &none : params;
    PGresult *answer = PQexecParams(pg->connection, sql, given->count, NULL, given->values,
                                    given->sizes, given->formats, 0);
    if (!succeeded(answer)) {
        fail(pg, answer, error);
        PQclear(answer);
        return false;
    }
    pg->sqlstate[0] = '\0';
    *result = (struct pg_result *)answer;
    return true;
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
    if (affected != NULL && !text_to_int64(PQcmdTuples((PGresult *)result), 0, INT64_MAX, affected))
        *affected = 0;
    pg_result_free(result);
    return true;
}

bool pg_script(struct pg *pg, const char *sql, struct error *error)
{
    if (!is_connected(pg))
        return lost(pg, error);
    PGresult *answer = PQexec(pg->connection, sql);
    bool done = succeeded(answer) || fail(pg, answer, error);
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
    if (is_connected(pg) && pg_execute(pg, "SELECT 1", NULL, NULL, error))
        return true;
    pg_disconnect(pg);
    return pg_connect(pg, error);
}

/* ---- transactions ---- */

bool pg_begin(struct pg *pg, struct error *error)
{
    return pg_script(pg, "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '30s'", error);
}

bool pg_commit(struct pg *pg, struct error *error)
{
    if (!is_connected(pg))
        return lost(pg, error);
    PGresult *answer = PQexec(pg->connection, "COMMIT");
    bool done = succeeded(answer);
    if (!done)
        fail(pg, answer, error);
    else if (!text_equal(PQcmdStatus(answer), "COMMIT")) /* COMMIT of a failed transaction */
        done = error_set(error, ERROR_INTERNAL, "the transaction had failed and was rolled back");
    PQclear(answer);
    return done;
}

void pg_rollback(struct pg *pg)
{
    struct error ignored;
    if (!is_connected(pg) || PQtransactionStatus(pg->connection) == PQTRANS_IDLE)
        return;
    char state[sizeof(pg->sqlstate)]; /* the failure that led here is still of interest */
    memcpy(state, pg->sqlstate, sizeof(state));
    if (PQtransactionStatus(pg->connection) == PQTRANS_ACTIVE ||
        !pg_execute(pg, "ROLLBACK", NULL, NULL, &ignored))
        pg_disconnect(pg);
    memcpy(pg->sqlstate, state, sizeof(state));
}

/* ---- COPY ---- */

bool pg_copy_out(struct pg *pg, const char *sql, struct error *error)
{
    if (!is_connected(pg))
        return lost(pg, error);
    PGresult *answer = PQexec(pg->connection, sql);
    bool done = PQresultStatus(answer) == PGRES_COPY_OUT || fail(pg, answer, error);
    PQclear(answer);
    return done;
}

/* The result behind the last row says whether all went well; a NULL ends the statement. */
static bool end_copy(struct pg *pg, struct error *error)
{
    bool done = true;
    for (PGresult *answer = PQgetResult(pg->connection); answer != NULL;
         answer = PQgetResult(pg->connection)) {
        if (done && !succeeded(answer))
            done = fail(pg, answer, error);
        PQclear(answer);
        if (!is_connected(pg))
            break;
    }
    return done;
}

bool pg_copy_next(struct pg *pg, const char **data, size_t *size, bool *end, struct error *error)
{
    *end = false;
    if (!is_connected(pg))
        return lost(pg, error);
    if (pg->copy_row != NULL)
        PQfreemem(pg->copy_row);
    pg->copy_row = NULL;
    int length = PQgetCopyData(pg->connection, &pg->copy_row, 0);
    if (length > 0) {
        *data = pg->copy_row;
        *size = (size_t)length;
        return true;
    }
    *end = true;
    return end_copy(pg, error);
}

bool pg_copy_in(struct pg *pg, const char *sql, const struct buffer *data, struct error *error)
{
    static const size_t piece = (size_t)1024 * 1024; /* a call takes an int */
    if (!is_connected(pg))
        return lost(pg, error);
    PGresult *answer = PQexec(pg->connection, sql);
    bool done = PQresultStatus(answer) == PGRES_COPY_IN || fail(pg, answer, error);
    PQclear(answer);
    if (!done)
        return false;
    for (size_t at = 0; at < data->size; at += piece) {
        size_t size = data->size - at < piece ? data->size - at : piece;
        if (PQputCopyData(pg->connection, data->data + at, (int)size) != 1)
            return lost(pg, error);
    }
    if (PQputCopyEnd(pg->connection, NULL) != 1)
        return lost(pg, error);
    pg->sqlstate[0] = '\0';
    return end_copy(pg, error);
}
