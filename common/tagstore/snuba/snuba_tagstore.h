/* SPDX-License-Identifier: Apache-2.0 */
/* The tagstore that reads from Snuba. */
#ifndef TAGSTORE_SNUBA_SNUBA_TAGSTORE_H
#define TAGSTORE_SNUBA_SNUBA_TAGSTORE_H

#include "client/pg.h"
#include "tagstore/tagstore.h"

struct snuba_settings {
    const char *url;        /* as in snuba_client.h */
    const char *dialect;    /* "2018" or "2020" */
    int64_t retention_days; /* older events are not searched; 0: no bound */
    const char *tmpdir;     /* where exports are sorted */
    int64_t page_size_max;  /* the most rows per page of an export */
};

/* A tagstore that reads from Snuba and connects at the first question. `pg` is asked for the names
   of environments and the hashes of groups; the caller keeps it, and it must outlive the tagstore.
   Writes are accepted and dropped. ERROR_USAGE: bad url or dialect. ERROR_AWAY: no memory. */
bool snuba_tagstore_new(const struct snuba_settings *settings, struct pg *pg,
                        struct tagstore **store, struct error *error) MUST_CHECK;

#endif
