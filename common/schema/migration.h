/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Migrations: the numbered SQL files of migrations/, which are compiled in. Each is applied once,
 * in a transaction of its own and under an advisory lock. Its SHA-1 is recorded in
 * exportd.migration.
 *
 * All commands find the tables of a Sentry by the search path. Stand-alone tables are created
 * beside those that exist, or else in the first schema of the search path that is not exportd.
 */
#ifndef SCHEMA_MIGRATION_H
#define SCHEMA_MIGRATION_H

#include "client/pg.h"

/* Applies the missing migrations: those of the schema exportd, and with `standalone` also those of
   Sentry's tables. *applied counts files. May be repeated, also by two processes at once.
   ERROR_CONFLICT: this exportd does not have a recorded file, or has another text of it, or
   `standalone` is asked for in the database of a Sentry. ERROR_DENIED: a right is missing; the
   message names the remedy. */
bool migration_apply(struct pg *pg, bool standalone, int *applied, struct error *error) MUST_CHECK;

/* ERROR_QUERY, with the remedy, if the database lacks a migration of exportd's own tables. */
bool migration_check(struct pg *pg, struct error *error) MUST_CHECK;

#endif
