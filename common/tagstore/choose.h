/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the tagstore that the settings name. */
#ifndef TAGSTORE_CHOOSE_H
#define TAGSTORE_CHOOSE_H

#include "client/pg.h"
#include "config/config.h"
#include "tagstore/tagstore.h"

/* Creates a tagstore of the backend `backend`, which is usually config->tagstore. It connects at
   the first question. `pg` is the database in which Postgres has its tables and others look up what
   ids mean. The caller keeps `pg`, which must outlive the tagstore. ERROR_USAGE: there is no such
   backend. ERROR_AWAY: no memory. */
bool tagstore_new(const struct config *config, const char *backend, struct pg *pg,
                  struct tagstore **store, struct error *error) MUST_CHECK;

#endif
