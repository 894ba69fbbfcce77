/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL, by libpq. A struct pg is one connection of one thread. It relies on no session state,
 * so it works through pgbouncer in transaction mode. Only on a direct connection to the server does
 * it prepare statements that are repeated, which saves the server half of its work.
 *
 * Error codes of every function here: ERROR_AWAY (no connection; the server starts, stops or is
 * full; a sequence is at its end), ERROR_TIMEOUT (cancelled, or a lock was not available),
 * ERROR_OVERLOAD (the server is out of memory), ERROR_CONFLICT (unique or foreign key violation,
 * serialization failure, deadlock; see pg_sqlstate), ERROR_DENIED (permission, login),
 * ERROR_INVALID (class 22: a value is not acceptable), ERROR_QUERY (any other error answer, such as
 * a missing table). The message is the SQLSTATE and the server's primary message, without the
 * values that it quotes.
 */
#ifndef CLIENT_PG_H
#define CLIENT_PG_H

#include "base/buffer.h"
#include "base/clock.h"

struct pg;
struct pg_result;

/* Whether libpq can read the connection string. If not, ERROR_USAGE; the message repeats no part of
   the string, which may hold a password. */
bool pg_check_url(const char *conninfo, struct error *error) MUST_CHECK;

/* A new struct pg, not yet connected. `conninfo` is a libpq URI or keywords ("" for libpq's
   defaults). `role` becomes the application_name, such as "exportd worker". Both are copied. NULL
   without memory. */
struct pg *pg_new(const char *conninfo, const char *role);
void pg_free(struct pg *pg);

/* Connects if there is no connection, or if it is broken. */
bool pg_connect(struct pg *pg, struct error *error) MUST_CHECK;

/* Whether a server is there that takes connections, even if it refuses this login, or this one too
   many. Makes no connection. Takes PG_PING_SECONDS at most for each host. */
bool pg_answers(const struct pg *pg);

/* Like pg_connect, but also replaces a connection that broke while it was not in use: it asks the
   server for a sign of life, unless there was one within the last second. Not within a
   transaction. */
bool pg_wake(struct pg *pg, struct error *error) MUST_CHECK;

/* Closes the connection, which ends a transaction or COPY in progress. */
void pg_disconnect(struct pg *pg);

/* Sets how long the server may be silent, and returns the limit before; 0, the default, is no
   limit. With COPY the limit holds for each row. After that time the connection is dropped. The
   error is ERROR_TIMEOUT if the server accepts a new connection, because then the statement takes
   too long, else ERROR_AWAY. This check takes PG_PING_SECONDS at most. */
enum { PG_PING_SECONDS = 2 };
int64_t pg_set_patience(struct pg *pg, int64_t ms);

/* Ends the statement that the connection waits for, if there is one. The server is asked to cancel
   it; it fails with ERROR_TIMEOUT. If the server does not answer within 3 s, the connection is
   dropped. This is the one function here that another thread may call, and it does not wait. It has
   no effect while pg_connect is connecting (10 s at most for each host). */
void pg_interrupt(struct pg *pg);

/* The SQLSTATE of the last failure; "" if it had none, as when the connection was lost. */
const char *pg_sqlstate(const struct pg *pg);

/* The server's version in libpq's form (150004 is 15.4); 0 without a connection. */
int pg_server_version(const struct pg *pg);

/* ---- parameters ---- */

#define PG_PARAMS_MAX 32

/* The parameters of a statement. Texts are not copied: they must live until the statement is run or
   added to a batch. Start from {.count = 0}. */
struct pg_params {
    int count;
    bool repeated; /* worth preparing, as each job runs it; `sql` must be a constant */
    const char *values[PG_PARAMS_MAX];
    int sizes[PG_PARAMS_MAX];   /* of binary values */
    int formats[PG_PARAMS_MAX]; /* 1: binary */
    char numbers[PG_PARAMS_MAX][CLOCK_TEXT_MAX];
};

/* Each binds the next parameter. Text must be UTF-8 (wire/clean_text.h); NULL is SQL NULL. */
void pg_bind_text(struct pg_params *params, const char *text_or_null);
void pg_bind_int(struct pg_params *params, int64_t number);
void pg_bind_double(struct pg_params *params, double number);
void pg_bind_bool(struct pg_params *params, bool value);
void pg_bind_null(struct pg_params *params);

/* Binds a value in the binary format of its type (pg_binary.h), at most 1 GB, not copied. The
   statement must name the type by a cast ($1::bigint[]). */
void pg_bind_binary(struct pg_params *params, const struct buffer *value);

/* Binds a moment, as the text of ISO 8601 in UTC; the statement has `$1::timestamptz`. USEC_NONE is
   SQL NULL. */
void pg_bind_time(struct pg_params *params, int64_t usec);

/* An array as text, for `= ANY ($1::text[])` and `unnest($1::bigint[])`. Text elements are quoted.
   pg_array_text ends the array and gives its text for pg_bind_text; after that no element may be
   added. The text lives until pg_array_free. */
struct pg_array {
    struct buffer text;
};
void pg_array_init(struct pg_array *array, size_t maximum);
void pg_array_free(struct pg_array *array);
bool pg_array_add_text(struct pg_array *array, const char *text_or_null,
                       struct error *error) MUST_CHECK;
bool pg_array_add_int(struct pg_array *array, int64_t number, struct error *error) MUST_CHECK;
bool pg_array_text(struct pg_array *array, const char **text, struct error *error) MUST_CHECK;

/* ---- statements ---- */

/* Runs one statement; `params` may be NULL. The caller frees *result; after a failure it is
   NULL. */
bool pg_query(struct pg *pg, const char *sql, const struct pg_params *params,
              struct pg_result **result, struct error *error) MUST_CHECK;

/* Runs a statement that answers with one number, such as an id or a count. *number is 0 if there is
   no row, or NULL in it. */
bool pg_query_int(struct pg *pg, const char *sql, const struct pg_params *params, int64_t *number,
                  struct error *error) MUST_CHECK;

/* Runs a statement without an answer. *affected, which may be NULL, is the number of rows
   changed. */
bool pg_execute(struct pg *pg, const char *sql, const struct pg_params *params, int64_t *affected,
                struct error *error) MUST_CHECK;

/* Runs several statements without parameters, such as a migration file. */
bool pg_script(struct pg *pg, const char *sql, struct error *error) MUST_CHECK;

int pg_rows(const struct pg_result *result);
bool pg_is_null(const struct pg_result *result, int row, int column);

/* NULL for SQL NULL; lives as long as the result. In a database with encoding SQL_ASCII, bytes that
   are not UTF-8 become U+FFFD. */
const char *pg_text(const struct pg_result *result, int row, int column);

/* 0 for SQL NULL, or a text that is not a whole number. */
int64_t pg_int(const struct pg_result *result, int row, int column);

/* The value of a column selected as PG_USEC(column), in microseconds since 1970; USEC_NONE for
   NULL. */
int64_t pg_time(const struct pg_result *result, int row, int column);
#define PG_USEC(column) "(extract(epoch FROM " column ") * 1000000)::bigint"

/* The same, but NULL for a time outside of the years 1 to 9999: it might not fit into a bigint. */
#define PG_USEC_KNOWN(column)                                                                      \
    "(CASE WHEN " column " >= '0001-01-01 00:00:00+00' AND " column " < '10000-01-01 00:00:00+00'" \
    " THEN " PG_USEC(column) " END)"

/* NULL is fine. */
void pg_result_free(struct pg_result *result);

/* ---- batches ---- */

enum { PG_BATCH_MAX = 8 };

/* Statements that share a round trip. Outside of a transaction they are a transaction of their own.
   From the first pg_batch_add to pg_batch_run any other statement on the connection is an error. */
struct pg_batch {
    struct pg *pg;
    int count;                               /* of statements so far */
    struct pg_result *results[PG_BATCH_MAX]; /* in order, from pg_batch_run to pg_batch_free */
    int sent, place[PG_BATCH_MAX];           /* used by pg_batch.c only */
};

void pg_batch_init(struct pg_batch *batch, struct pg *pg);

/* Adds a statement, up to PG_BATCH_MAX of them; `params` may be NULL. It may be sent at once.
   ERROR_AWAY: the connection is lost, and with it the batch. ERROR_INTERNAL: another batch has
   begun. */
bool pg_batch_add(struct pg_batch *batch, const char *sql, const struct pg_params *params,
                  struct error *error) MUST_CHECK;

/* Sends the statements that are not sent yet, and waits for all answers. When a statement fails,
   the server skips the rest; *error is that of the first failure, and there are no results. To give
   up a batch that has begun, call pg_rollback. */
bool pg_batch_run(struct pg_batch *batch, struct error *error) MUST_CHECK;

/* Frees the results. The batch is empty then and may be used again. */
void pg_batch_free(struct pg_batch *batch);

/* ---- transactions ---- */

/* Begin a transaction: pg_begin at once, pg_batch_add_begin as two statements of a batch. The
   server ends a transaction that is idle for 30 s between two batches or statements, so that a
   stopped process does not keep its locks. The next statement is then ERROR_AWAY. */
bool pg_begin(struct pg *pg, struct error *error) MUST_CHECK;
bool pg_batch_add_begin(struct pg_batch *batch, struct error *error) MUST_CHECK;

/* Like pg_query, for a statement outside of a transaction that claims something. If the connection
   breaks, or is dropped because the server is silent too long, the error is always ERROR_AWAY,
   never ERROR_TIMEOUT: the statement may be committed, or may still be when it gets a lock. */
bool pg_query_alone(struct pg *pg, const char *sql, const struct pg_params *params,
                    struct pg_result **result, struct error *error) MUST_CHECK;

/* Select this expression in a transaction whose COMMIT need not wait for the disk. If the server
   itself crashes within a second, the whole transaction may be lost, and with it all later ones.
   The text that it returns has no meaning. It has an effect only if it is evaluated: a query that
   selects no row does not evaluate it. */
#define PG_UNSYNCED "set_config('synchronous_commit', 'off', true)"

/* ERROR_AWAY: the connection broke; the transaction may be committed or not. ERROR_CONFLICT (for
   example a deferred foreign key, 23503): it is rolled back. */
bool pg_commit(struct pg *pg, struct error *error) MUST_CHECK;

/* Adds COMMIT as the last statement of the batch and runs the batch. Errors as pg_commit. */
bool pg_batch_commit(struct pg_batch *batch, struct error *error) MUST_CHECK;

/* Rolls back the transaction if there is one. If that fails, the connection is dropped. */
void pg_rollback(struct pg *pg);

/* ---- COPY ---- */

/* pg_copy_out starts `COPY ... TO STDOUT`; pg_copy_next gives the next row, until *end. A row may
   hold any bytes. *data lives until the next call. To end early, call pg_disconnect. */
bool pg_copy_out(struct pg *pg, const char *sql, struct error *error) MUST_CHECK;
bool pg_copy_next(struct pg *pg, const char **data, size_t *size, bool *end,
                  struct error *error) MUST_CHECK;

/* Runs `COPY ... FROM STDIN (FORMAT binary)` with all of `data` (client/pg_copy_rows.h). */
bool pg_copy_in(struct pg *pg, const char *sql, const struct buffer *data,
                struct error *error) MUST_CHECK;

#endif
