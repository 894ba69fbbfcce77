/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The privileges that exportd's role needs in the database. The owner's commands are left out:
 * migrate, create, ingest, and those that change issues. One table (privileges.c) serves `exportd
 * grants`, `exportd check` and the start of a worker.
 */
#ifndef SCHEMA_PRIVILEGES_H
#define SCHEMA_PRIVILEGES_H

#include "client/pg.h"

/* The texts live as long as the result that they come from. */
struct privilege {
    const char *object;  /* as in GRANT: public.sentry_file, SCHEMA exportd, SEQUENCE ... */
    const char *rights;  /* "SELECT, INSERT"; NULL: the table does not exist */
    const char *missing; /* the rights that the role of the connection lacks; NULL: none */
};

/* Lists the objects that the role needs: the present tables, their schemas and sequences. Each row
 *of rows is for privilege_read; free it with pg_result_free. `tagstore` is EXPORTD_TAGSTORE. */
bool privileges_query(struct pg *pg, const char *tagstore, struct pg_result **rows,
                      struct error *error) MUST_CHECK;
struct privilege privilege_read(const struct pg_result *rows, int row);

/* Reads the quoted names of the role and the database, for GRANT. ERROR_NOT_FOUND: there is no such
   role. */
struct grant_names {
    char role[160];
    char database[160];
};
bool privileges_names(struct pg *pg, const char *role, struct grant_names *names,
                      struct error *error) MUST_CHECK;

/* ERROR_QUERY: the table does not exist. ERROR_DENIED: rights are missing; the message names all of
   them. */
bool privilege_check(const struct privilege *privilege, struct error *error) MUST_CHECK;

#endif
