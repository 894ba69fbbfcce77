/* SPDX-License-Identifier: Apache-2.0 */
/* The tagstore in the PostgreSQL tables tagstore_* (version 2). */
#ifndef TAGSTORE_POSTGRES_POSTGRES_TAGSTORE_H
#define TAGSTORE_POSTGRES_POSTGRES_TAGSTORE_H

#include "client/pg.h"
#include "tagstore/tagstore.h"

/* A tagstore over `pg`, which the caller keeps and which must outlive it. NULL without memory. */
struct tagstore *postgres_tagstore_new(struct pg *pg);

#endif
