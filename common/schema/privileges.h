/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What exportd's role must be able to do in the database, except for migrate, create, ingest, and
 * what changes issues: those are for the owner. One table (privileges.c) for `exportd grants`,
 * `exportd check` and the start of a worker.
 */
#ifndef SCHEMA_PRIVILEGES_H
#define SCHEMA_PRIVILEGES_H

#include "client/pg.h"

/* Texts live as long as the result that they are read from. */
struct privilege {
    const char *object;  /* as GRANT names it: public.sentry_file, SCHEMA exportd, SEQUENCE ... */
    const char *rights;  /* "SELECT, INSERT"; NULL: the table is not there */
    const char *missing; /* those that the role of the connection lacks; NULL: none */
};

/* Every object that is needed, a row each for privilege_read: of the tables as they now are, with
   their schemas and sequences. `tagstore` is EXPORTD_TAGSTORE. */
bool privileges_query(struct pg *pg, const char *tagstore, struct pg_result **rows,
                      struct error *error) MUST_CHECK;
struct privilege privilege_read(const struct pg_result *rows, int row);

/* For GRANT, quoted: a role that is there, else ERROR_NOT_FOUND, and the database. */
struct grant_names {
    char role[160];
    char database[160];
};
bool privileges_names(struct pg *pg, const char *role, struct grant_names *names,
                      struct error *error) MUST_CHECK;

/* ERROR_NOT_FOUND or ERROR_DENIED, naming the table or all rights on the object that are missing.
 */
bool privilege_check(const struct privilege *privilege, struct error *error) MUST_CHECK;

#endif
