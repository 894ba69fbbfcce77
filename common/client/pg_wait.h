/* Inside of pg.c and pg_wait.c: the connection, and how its answers are waited for: with poll(),
   never within libpq. */
#ifndef CLIENT_PG_WAIT_H
#define CLIENT_PG_WAIT_H

#include "client/pg.h"

#include <libpq-fe.h>
#include <stdatomic.h>

struct pg {
    PGconn *connection; /* NULL: none */
    char *conninfo;
    char *role;
    char sqlstate[6];
    char *copy_row;          /* what pg_copy_next gave out last */
    atomic_bool interrupted; /* by pg_interrupt, from another thread */
    int64_t patience_ms;     /* pg_set_patience */
    int64_t heard_ms;        /* when the server was asked, or has said anything, last (monotonic) */
    int64_t cancelled_ms;    /* when it was asked to cancel; 0: it was not */
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

/* Waits for the next result of what runs; NULL behind the last one, and with *lost (and *error)
   when the connection had to be dropped. */
PGresult *pg_next_result(struct pg *pg, bool *lost, struct error *error);

/* Waits for the next row of a COPY: its size, -1 at the end, 0 with *error when the connection had
   to be dropped. */
int pg_next_row(struct pg *pg, char **row, struct error *error);

#endif
