/* The tagstore that asks a Snuba (spec/tagstore.md, spec/original.md 5). */
#ifndef TAGSTORE_SNUBA_SNUBA_TAGSTORE_H
#define TAGSTORE_SNUBA_SNUBA_TAGSTORE_H

#include "client/pg.h"
#include "tagstore/tagstore.h"

/* A tagstore over the Snuba at `url` (snuba_client.h), which speaks `dialect` ("2018" or "2020").
   It connects when it is first asked. Events older than `retention_days` are not looked for (0: no
   bound). `tmpdir` is where an export is sorted; `pg`, which stays the caller's and must outlive
   the store, is asked what environments are called and which hashes groups have; what is written to
   this tagstore is forgotten. ERROR_USAGE: url or dialect; ERROR_AWAY without memory. */
bool snuba_tagstore_new(const char *url, const char *dialect, int64_t retention_days,
                        const char *tmpdir, struct pg *pg, struct tagstore **store,
                        struct error *error) MUST_CHECK;

#endif
