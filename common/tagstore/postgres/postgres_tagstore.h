/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded tagstore: the tables tagstore_* (v2) in Postgres. */
#ifndef TAGSTORE_POSTGRES_POSTGRES_TAGSTORE_H
#define TAGSTORE_POSTGRES_POSTGRES_TAGSTORE_H

#include "client/pg.h"
#include "tagstore/tagstore.h"

/* A tagstore over `pg`, which stays the caller's and must outlive it. NULL without memory. */
struct tagstore *postgres_tagstore_new(struct pg *pg);

#endif
