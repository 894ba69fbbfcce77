/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL, by libpq. A struct pg is one connection of one thread. It relies on no session state,
 * so it works through pgbouncer in transaction mode; only where it talks to the server itself are
 * statements prepared that are asked again and again, which saves the server half of its work.
 *
 * Error codes of every function here: ERROR_AWAY (no connection; server starting, stopping or full;
 * a sequence at its end), ERROR_TIMEOUT (cancelled, lock not to be had), ERROR_OVERLOAD (server out
 * of memory), ERROR_CONFLICT (unique or foreign key violation, serialization failure, deadlock: see
 * pg_sqlstate), ERROR_DENIED (permission, login), ERROR_INVALID (class 22: a value that does not
 * fit), ERROR_QUERY (any other answer, such as a missing table). The message is the SQLSTATE and
 * the server's primary message; values quoted in it are cut.
 */
#ifndef CLIENT_PG_H
#define CLIENT_PG_H

#include "base/buffer.h"
#include "base/clock.h"

struct pg;
struct pg_result;

/* Whether libpq can read the connection string. ERROR_USAGE repeats nothing of it. */
bool pg_check_url(const char *conninfo, struct error *error) MUST_CHECK;

/* A connection not yet made. `conninfo` is a libpq URI or keywords ("" for libpq's defaults) and
   `role` says what it is for ("exportd worker"; seen as application_name). Both are copied. NULL
   without memory. */
struct pg *pg_new(const char *conninfo, const char *role);
void pg_free(struct pg *pg);

/* Makes the connection, also again when it is broken; nothing to do when it is good. */
bool pg_connect(struct pg *pg, struct error *error) MUST_CHECK;

/* Like pg_connect, but asks the server for a sign of life, unless there was one within the last
   second: a connection that broke while it was not in use is made again. Outside of transactions.
 */
bool pg_wake(struct pg *pg, struct error *error) MUST_CHECK;

/* Drops the connection, and with it a transaction or COPY in progress. */
void pg_disconnect(struct pg *pg);

/* How long an answer may take, row by row for COPY; 0 (as at first): for ever. Then the connection
   is dropped: ERROR_TIMEOUT if the server takes a new one, so that it is the question that takes
   long, else ERROR_AWAY; to find that out takes PG_PING_SECONDS at most. Returns what it was. */
enum { PG_PING_SECONDS = 2 };
int64_t pg_set_patience(struct pg *pg, int64_t ms);

/* Ends what the connection is waiting for, if it is: the server is asked to cancel the statement,
   which fails with ERROR_TIMEOUT; if it does not answer within 3 s, the
   connection is dropped. Does not wait itself: the one function here that another thread may call.
   Not while a connection is being made (10 s at most for each host). */
void pg_interrupt(struct pg *pg);

/* The SQLSTATE of the last failure, "" when it had none (connection lost). */
const char *pg_sqlstate(const struct pg *pg);

/* The server's version as libpq tells it (150004 is 15.4); 0 without a connection. */
int pg_server_version(const struct pg *pg);

/* ---- parameters ---- */

#define PG_PARAMS_MAX 32

/* Texts are not copied: they must live until the statement is run or added to a batch. Start from
   {.count = 0}. */
struct pg_params {
    int count;
    bool repeated; /* each job asks this: `sql` is a constant, worth preparing on the server */
    const char *values[PG_PARAMS_MAX];
    int sizes[PG_PARAMS_MAX];   /* of binary values */
    int formats[PG_PARAMS_MAX]; /* 1: binary */
    char numbers[PG_PARAMS_MAX][CLOCK_TEXT_MAX];
};

/* Text must be UTF-8 without NUL (wire/clean_text.h); NULL is SQL NULL. */
void pg_bind_text(struct pg_params *params, const char *text_or_null);
void pg_bind_int(struct pg_params *params, int64_t number);
void pg_bind_double(struct pg_params *params, double number);
void pg_bind_bool(struct pg_params *params, bool value);
void pg_bind_null(struct pg_params *params);

/* A value in the binary format of its type (pg_binary.h), which the statement has to name by a cast
   ($1::bigint[]): at most 1 GB. Not copied. */
void pg_bind_binary(struct pg_params *params, const struct buffer *value);

/* A moment, as ISO-8601 in UTC: write `$1::timestamptz`. USEC_NONE is NULL. */
void pg_bind_time(struct pg_params *params, int64_t usec);

/* The text of an array, for `= ANY ($1::text[])` and `unnest($1::bigint[])`. Elements are quoted as
   needed. pg_array_text ends it and returns the text for pg_bind_text; nothing may be added
   then. */
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

/* Runs one statement; `params` may be NULL. *result is the caller's to free, NULL on failure. */
bool pg_query(struct pg *pg, const char *sql, const struct pg_params *params,
              struct pg_result **result, struct error *error) MUST_CHECK;

/* The same for a statement that answers with one number, an id or a count; 0 when there is no row,
   or NULL in it. */
bool pg_query_int(struct pg *pg, const char *sql, const struct pg_params *params, int64_t *number,
                  struct error *error) MUST_CHECK;

/* The same for a statement without an answer; *affected (may be NULL): rows it changed. */
bool pg_execute(struct pg *pg, const char *sql, const struct pg_params *params, int64_t *affected,
                struct error *error) MUST_CHECK;

/* Several statements without parameters: a migration file. */
bool pg_script(struct pg *pg, const char *sql, struct error *error) MUST_CHECK;

int pg_rows(const struct pg_result *result);
bool pg_is_null(const struct pg_result *result, int row, int column);

/* NULL for SQL NULL; lives as long as the result. From a database in SQL_ASCII, what is not UTF-8
   is U+FFFD. */
const char *pg_text(const struct pg_result *result, int row, int column);

/* 0 for SQL NULL or what is no whole number. */
int64_t pg_int(const struct pg_result *result, int row, int column);

/* A column selected as PG_USEC(column); USEC_NONE for NULL. */
int64_t pg_time(const struct pg_result *result, int row, int column);
#define PG_USEC(column) "(extract(epoch FROM " column ") * 1000000)::bigint"

/* The same, and NULL for what lies outside of the years 1 to 9999, which may not fit into a bigint.
 */
#define PG_USEC_KNOWN(column)                                                                      \
    "(CASE WHEN " column " >= '0001-01-01 00:00:00+00' AND " column " < '10000-01-01 00:00:00+00'" \
    " THEN " PG_USEC(column) " END)"

/* NULL is fine. */
void pg_result_free(struct pg_result *result);

/* ---- batches ---- */

enum { PG_BATCH_MAX = 8 };

/* Statements that share a round trip. Outside of a transaction they are one. From the first
   pg_batch_add to pg_batch_run the connection is the batch's: any other statement is an error. */
struct pg_batch {
    struct pg *pg;
    int count;                               /* of statements so far */
    struct pg_result *results[PG_BATCH_MAX]; /* in order, from pg_batch_run to pg_batch_free */
    int sent, place[PG_BATCH_MAX];           /* pg_batch.c's own */
};

void pg_batch_init(struct pg_batch *batch, struct pg *pg);

/* Adds a statement, PG_BATCH_MAX at most; `params` may be NULL. It may be on its way to the server
   already. ERROR_AWAY: the connection is lost, and with it the batch. ERROR_INTERNAL: another batch
   has begun. */
bool pg_batch_add(struct pg_batch *batch, const char *sql, const struct pg_params *params,
                  struct error *error) MUST_CHECK;

/* Sends what is not sent yet, and waits for all replies. The error is that of the first statement
   that fails, after which the server skips the rest; then there are no results. A batch that was
   begun and cannot be run is given up by pg_rollback. */
bool pg_batch_run(struct pg_batch *batch, struct error *error) MUST_CHECK;

/* Frees the results; the batch is empty again. */
void pg_batch_free(struct pg_batch *batch);

/* ---- transactions ---- */

/* The server ends a transaction that sits idle for 30 s between two batches or statements, so that
   a stopped process does not keep its locks: the next statement is then ERROR_AWAY.
   pg_batch_add_begin makes a batch the beginning of a transaction: it takes two of the batch's
   places. */
bool pg_begin(struct pg *pg, struct error *error) MUST_CHECK;
bool pg_batch_add_begin(struct pg_batch *batch, struct error *error) MUST_CHECK;

/* Like pg_query, for a statement outside of a transaction that claims something: when the
   connection dies, or is dropped because the answer takes too long, it is not known whether it is
   committed, or will be as soon as what it waits for is free: always ERROR_AWAY then, never
   ERROR_TIMEOUT. */
bool pg_query_alone(struct pg *pg, const char *sql, const struct pg_params *params,
                    struct pg_result **result, struct error *error) MUST_CHECK;

/* Select this (a text without meaning) where a transaction may be forgotten, as a whole, when the
   server itself crashes within a second: its COMMIT does not wait for the disk. Whatever is
   committed later lasts no longer than it. Only as it is evaluated: once for each row. */
#define PG_UNSYNCED "set_config('synchronous_commit', 'off', true)"

/* ERROR_AWAY: the connection died, and it is not known whether it is committed.
   ERROR_CONFLICT (for example a deferred foreign key, 23503): rolled back. */
bool pg_commit(struct pg *pg, struct error *error) MUST_CHECK;

/* The same as the last statement of a batch. */
bool pg_batch_commit(struct pg_batch *batch, struct error *error) MUST_CHECK;

/* Ends a transaction if there is one; a connection that cannot is dropped. */
void pg_rollback(struct pg *pg);

/* ---- COPY ---- */

/* Starts `COPY ... TO STDOUT`, whose texts may be any bytes; then pg_copy_next until *end. What
 *data points to lives until the next call. To leave early: pg_disconnect. */
bool pg_copy_out(struct pg *pg, const char *sql, struct error *error) MUST_CHECK;
bool pg_copy_next(struct pg *pg, const char **data, size_t *size, bool *end,
                  struct error *error) MUST_CHECK;

/* Runs `COPY ... FROM STDIN (FORMAT binary)` with all of `data` (client/pg_copy_rows.h). */
bool pg_copy_in(struct pg *pg, const char *sql, const struct buffer *data,
                struct error *error) MUST_CHECK;

#endif
