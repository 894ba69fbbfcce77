/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the tagstore that the settings name. */
#ifndef TAGSTORE_CHOOSE_H
#define TAGSTORE_CHOOSE_H

#include "client/pg.h"
#include "config/config.h"
#include "tagstore/tagstore.h"

/* A tagstore of the backend `backend`, usually config->tagstore; connects when it is first asked.
   `pg` is where the Postgres backend has its tables and where others look up what ids mean. It
   stays the caller's and must outlive the store. ERROR_USAGE: there is no such backend; ERROR_AWAY
   without memory. */
bool tagstore_new(const struct config *config, const char *backend, struct pg *pg,
                  struct tagstore **store, struct error *error) MUST_CHECK;

#endif
