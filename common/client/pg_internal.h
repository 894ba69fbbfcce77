/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files pg*.c: the connection, and the functions that they call of each other. They
   wait for answers with poll(), never within libpq. */
#ifndef CLIENT_PG_INTERNAL_H
#define CLIENT_PG_INTERNAL_H

#include "client/pg.h"

#include <libpq-fe.h>
#include <stdatomic.h>

/* A repeated statement (pg_params.repeated). */
struct pg_prepared {
    const char *sql; /* compared by address; NULL: a free place */
    int uses;
    int number; /* part of its name on the server; 0: not prepared */
    bool fresh; /* PREPARE is sent, not yet answered */
};

struct pg {
    PGconn *connection; /* NULL: none */
    char *conninfo;
    char *role;
    char sqlstate[6];        /* of the last failure */
    char *copy_row;          /* the row that pg_copy_next gave last */
    atomic_bool interrupted; /* by pg_interrupt, from another thread */
    int64_t patience_ms;     /* pg_set_patience */
    int64_t heard_ms;        /* when the server was last asked, or last sent anything (monotonic) */
    int64_t cancelled_ms;    /* when a cancel was requested; 0: it was not */
    bool raw;                /* the database is in SQL_ASCII: texts may be any bytes */
    bool direct;             /* there is no pooler between us and the server */
    int numbers;             /* the last number of a prepared statement */
    struct pg_prepared prepared[32];
    bool in_batch; /* from pg_batch_add to pg_batch_run */
};

/* ---- pg.c ---- */

/* Opens a connection with our parameters. With `ping`, returns NULL and only sets *ping to whether
   the server accepts connections. */
PGconn *pg_open(const struct pg *pg, PGPing *ping);

bool pg_is_connected(const struct pg *pg);

/* Drops the connection and fills ERROR_AWAY. Returns false. */
bool pg_lost(struct pg *pg, struct error *error);

/* Fills *error from a result that is a failure; with NULL it is filled already. Returns false. */
bool pg_fail(struct pg *pg, const PGresult *result, struct error *error);

/* ---- pg_wait.c ---- */

/* Prepares for waiting. To be called before a statement is sent. */
void pg_start_waiting(struct pg *pg);

/* Waits for the next result of the statement. NULL after the last one; also if the connection had
   to be dropped, with *lost and *error. */
PGresult *pg_next_result(struct pg *pg, bool *lost, struct error *error);

/* Waits for the last result of one statement, which may be the beginning of a COPY. NULL if the
   connection had to be dropped, with *error. */
PGresult *pg_last_result(struct pg *pg, struct error *error);

/* Waits for the next row of a COPY. Returns its size, -1 at the end, or 0 with *error if the
   connection had to be dropped. */
int pg_next_row(struct pg *pg, char **row, struct error *error);

/* ---- pg_batch.c ---- */

bool pg_succeeded(const PGresult *result);

/* Runs a statement, by the simple protocol if `params` is NULL. Returns the last result, which may
   be the server's error or the beginning of a COPY, or NULL with *error. */
PGresult *pg_run(struct pg *pg, const char *sql, const struct pg_params *params,
                 struct error *error);

/* ---- pg_encoding.c ---- */

/* Reads the database's encoding. To be called on a new connection; drops it after a failure. */
void pg_encoding_detect(struct pg *pg);

/* Replaces bytes that are not UTF-8 by U+FFFD in a result of a raw connection. False without
   memory. */
bool pg_encoding_mend(PGresult *result);

/* ---- pg_prepare.c ---- */

/* Finds out whether a new connection leads to the server itself: a pooler invents the process
   number that a client gets at the start. */
void pg_prepare_detect(struct pg *pg);

/* The entry of a statement that is to run prepared, else NULL. Its number is 0 if it must be
   prepared first. Counts the uses of the statement. */
struct pg_prepared *pg_prepare_find(struct pg *pg, const char *sql, const struct pg_params *params);

/* After the answers to PREPARE: the fresh statements are prepared (`done`), or are forgotten. */
void pg_prepare_settle(struct pg *pg, bool done);

/* Forgets all prepared statements: the connection is closed. */
void pg_prepare_forget(struct pg *pg);

#endif
