/* SPDX-License-Identifier: Apache-2.0 */
/* What the files pg*.c share: the connection and what they do for each other. Replies are waited
   for with poll(), never within libpq. */
#ifndef CLIENT_PG_INTERNAL_H
#define CLIENT_PG_INTERNAL_H

#include "client/pg.h"

#include <libpq-fe.h>
#include <stdatomic.h>

/* A statement that is asked again and again. */
struct pg_prepared {
    const char *sql; /* known by its address; NULL: a free place */
    int uses;
    int number; /* of its name on the server; 0: not prepared */
    bool fresh; /* sent to be prepared, no reply yet */
};

struct pg {
    PGconn *connection; /* NULL: none */
    char *conninfo;
    char *role;
    char sqlstate[6];        /* of the last failure */
    char *copy_row;          /* what pg_copy_next gave out last */
    atomic_bool interrupted; /* by pg_interrupt, from another thread */
    int64_t patience_ms;     /* pg_set_patience */
    int64_t heard_ms;        /* when the server was asked, or has said anything, last (monotonic) */
    int64_t cancelled_ms;    /* when it was asked to cancel; 0: it was not */
    bool raw;                /* its database is in SQL_ASCII: texts may be any bytes */
    bool direct;             /* there is no pooler between us and the server */
    int numbers;             /* given to prepared statements */
    struct pg_prepared prepared[32];
    bool in_batch; /* from pg_batch_add to pg_batch_run */
};

/* ---- pg.c ---- */

/* Opens a connection with our parameters; or, with `ping`, only tries whether the server takes one
   (NULL then). */
PGconn *pg_open(const struct pg *pg, PGPing *ping);

bool pg_is_connected(const struct pg *pg);

/* Drops the connection: ERROR_AWAY. */
bool pg_lost(struct pg *pg, struct error *error);

/* Fills *error from a result that is no success. NULL: *error is filled already. */
bool pg_fail(struct pg *pg, const PGresult *result, struct error *error);

/* ---- pg_wait.c ---- */

/* Makes ready to wait for replies: to be called before something is sent. */
void pg_start_waiting(struct pg *pg);

/* Waits for the next result of what runs; NULL after the last one, and with *lost (and *error) when
   the connection had to be dropped. */
PGresult *pg_next_result(struct pg *pg, bool *lost, struct error *error);

/* Waits for the last result of one statement, which may be the beginning of a COPY. NULL with
 *error when the connection had to be dropped. */
PGresult *pg_last_result(struct pg *pg, struct error *error);

/* Waits for the next row of a COPY: its size, -1 at the end, 0 with *error when the connection had
   to be dropped. */
int pg_next_row(struct pg *pg, char **row, struct error *error);

/* ---- pg_batch.c ---- */

bool pg_succeeded(const PGresult *result);

/* Runs a statement, by the simple protocol if `params` is NULL. The last result, which may be an
   error of the server's or the beginning of a COPY. NULL with *error filled when there is none. */
PGresult *pg_run(struct pg *pg, const char *sql, const struct pg_params *params,
                 struct error *error);

/* ---- pg_encoding.c ---- */

/* Looks, on a new connection, at the database's encoding. */
void pg_encoding_look(struct pg *pg);

/* Puts U+FFFD where a result of a raw connection is not UTF-8. False without memory. */
bool pg_encoding_mend(PGresult *result);

/* ---- pg_prepare.c ---- */

/* Finds out, on a new connection, whether the server itself is at its other end: a pooler makes up
   the number of the process that is told at the start. */
void pg_prepare_look(struct pg *pg);

/* The place of a statement that is to be run prepared, NULL for one that is not. Its number is 0 if
   it has to be prepared first. Counts its uses. */
struct pg_prepared *pg_prepare_find(struct pg *pg, const char *sql, const struct pg_params *params);

/* What was sent to be prepared is prepared now (`done`), or may not be. */
void pg_prepare_settle(struct pg *pg, bool done);

/* The connection is gone, and all with it. */
void pg_prepare_forget(struct pg *pg);

#endif
