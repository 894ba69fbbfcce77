/* SPDX-License-Identifier: Apache-2.0 */
/* What exportd's role must be able to do in the database: for `exportd check`, and
   for a worker before it takes anything. */
#ifndef SCHEMA_PRIVILEGES_H
#define SCHEMA_PRIVILEGES_H

#include "client/pg.h"

/* ERROR_NOT_FOUND or ERROR_DENIED naming the first table that is missing, or the first privilege.
   `tagstore` is EXPORTD_TAGSTORE: the tables tagstore_* are looked at only where it is "postgres".
 */
bool privileges_check(struct pg *pg, const char *tagstore, struct error *error) MUST_CHECK;

#endif
