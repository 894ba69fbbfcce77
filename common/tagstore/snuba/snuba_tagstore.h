/* SPDX-License-Identifier: Apache-2.0 */
/* The tagstore that asks a Snuba. */
#ifndef TAGSTORE_SNUBA_SNUBA_TAGSTORE_H
#define TAGSTORE_SNUBA_SNUBA_TAGSTORE_H

#include "client/pg.h"
#include "tagstore/tagstore.h"

struct snuba_settings {
    const char *url;        /* as snuba_client.h has it */
    const char *dialect;    /* "2018" or "2020" */
    int64_t retention_days; /* events older than that are not looked for; 0: no bound */
    const char *tmpdir;     /* where an export is sorted */
    int64_t page_size_max;  /* rows to which the pages of an export may grow */
};

/* A tagstore over a Snuba. It connects when it is first asked. `pg`, which stays the caller's and
   must outlive the store, is asked what environments are called and which hashes groups have; what
   is written to this tagstore is forgotten. ERROR_USAGE: url or dialect; ERROR_AWAY without memory.
 */
bool snuba_tagstore_new(const struct snuba_settings *settings, struct pg *pg,
                        struct tagstore **store, struct error *error) MUST_CHECK;

#endif
