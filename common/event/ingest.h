/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ingest reads events, one JSON object per line, and saves them as groups, event users,
 * environments, releases and tags. Project and event id identify an event. Its row in
 * sentry_message is made in the transaction that counts it, so ingesting a file again counts no
 * event twice. Several processes may ingest at the same time.
 */
#ifndef EVENT_INGEST_H
#define EVENT_INGEST_H

#include "client/pg.h"
#include "client/redis.h"
#include "tagstore/tagstore.h"

/* lines = counted + repeated + bad; blank lines do not count. */
struct ingest_summary {
    int64_t lines, counted, repeated, bad;
    int64_t dropped; /* tags and user attributes that were dropped from counted events */
};

struct ingest {
    struct pg *pg; /* also the tagstore's connection: both write in one transaction */
    struct tagstore *tagstore;
    struct redis *redis; /* need not be connected; NULL: last processed events are not recorded */
    const char *sampled_projects; /* as in EXPORTD_SAMPLED_PROJECTS */
    bool rebase_time; /* shift all times so that the newest is now; needs a seekable input */

    /* Called for each bad line, for each counted line that lost a part (wire/event_line.h), after
       each saved batch, and for a failure that stops nothing. Each may be NULL. */
    void (*bad_line)(int64_t number, const char *reason);
    void (*dropped)(int64_t number, size_t count, const char *first_reason);
    void (*progress)(const struct ingest_summary *summary);
    void (*warning)(const char *reason);
};

/* Reads `input`, which may be compressed with gzip, to its end. A bad line is reported and skipped.
   False only if ingest cannot go on: the database is away, the input cannot be read or is damaged,
   or memory runs out. Events counted before stay counted, and are in *summary. */
bool ingest_run(const struct ingest *ingest, FILE *input, struct ingest_summary *summary,
                struct error *error) MUST_CHECK;

#endif
