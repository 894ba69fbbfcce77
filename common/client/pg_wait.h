/* Inside of pg.c and pg_wait.c: the connection, and how its answers are waited for: with poll(),
   never within libpq. */
#ifndef CLIENT_PG_WAIT_H
#define CLIENT_PG_WAIT_H

#include "client/pg.h"

#include <libpq-fe.h>
#include <stdatomic.h>

/* A statement that is asked again and again. */
struct pg_prepared {
    const char *sql; /* known by its address; NULL: a free place */
    int uses;
    int number; /* of its name on the server; 0: not prepared */
    bool fresh; /* sent to be prepared, not answered yet */
};

/* Answers that somebody waits for: those of the pipeline's statements number `index`. */
struct pg_wanted {
    int count;
    int index[2];
    struct pg_result **result[2];
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
    bool direct;             /* there is no pooler between us and the server */
    int numbers;             /* given to prepared statements */
    struct pg_prepared prepared[32];
    int waiting; /* statements of pg_later that nobody has sent off yet */
    struct pg_wanted wanted;
};

/* Opens a connection with our parameters; or, with `ping`, only tries whether the server takes one
   (NULL then). */
PGconn *pg_open(const struct pg *pg, PGPing *ping);

/* Drops the connection: ERROR_AWAY. */
bool pg_lost(struct pg *pg, struct error *error);

/* Runs a statement, by the simple protocol if `params` is NULL. The last result, which may be an
   error of the server's or the beginning of a COPY. NULL with *error filled when there is none: the
   connection is dropped then. */
PGresult *pg_run(struct pg *pg, const char *sql, const struct pg_params *params,
                 struct error *error);

/* ---- pg_prepare.c ---- */

/* Finds out, on a new connection, whether the server itself is at its other end: a pooler makes up
   the number of the process that is told at the start. */
void pg_prepare_look(struct pg *pg);

/* The place of a statement that is to be run prepared, NULL for one that is not. Its number is 0 if
   it has to be prepared first. Counts its uses. */
struct pg_prepared *pg_prepare_find(struct pg *pg, const char *sql, const struct pg_params *params);

/* What was sent to be prepared is now (`done`), or may be not. */
void pg_prepare_settle(struct pg *pg, bool done);

/* The connection is gone, and all with it. */
void pg_prepare_forget(struct pg *pg);

/* ---- pg_wait.c ---- */

/* Sends what pg_later has left and looks at its answers: what else may run then does not fit into
   one pipeline with them. */
bool pg_settle(struct pg *pg, struct error *error);

/* Fills *error from a result that is no success. NULL: *error is filled already. */
bool pg_fail(struct pg *pg, const PGresult *result, struct error *error);

/* Waits for the next result of what runs; NULL behind the last one, and with *lost (and *error)
   when the connection had to be dropped. */
PGresult *pg_next_result(struct pg *pg, bool *lost, struct error *error);

/* Waits for the next row of a COPY: its size, -1 at the end, 0 with *error when the connection had
   to be dropped. */
int pg_next_row(struct pg *pg, char **row, struct error *error);

#endif
