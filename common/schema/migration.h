/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Migrations: the numbered SQL files of migrations/, compiled in, each applied once, in its own
 * transaction and under an advisory lock, and recorded with its SHA-1 in exportd.migration.
 *
 * Where the tables of a Sentry are is one rule for all: the search path leads to them. Stand-alone
 * ones are made beside those that it leads to, else in its first schema but exportd.
 */
#ifndef SCHEMA_MIGRATION_H
#define SCHEMA_MIGRATION_H

#include "client/pg.h"

/* Applies what is missing: schema exportd, and with `standalone` the tables of a Sentry too.
   *applied counts files. ERROR_CONFLICT: a recorded file is missing here or has another text, or
   `standalone` in the database of a Sentry. Safe to repeat and to run twice at once.
 */
bool migration_apply(struct pg *pg, bool standalone, int *applied, struct error *error) MUST_CHECK;

/* ERROR_QUERY, naming the remedy, when the database lacks a migration of exportd's own tables. */
bool migration_check(struct pg *pg, struct error *error) MUST_CHECK;

#endif
