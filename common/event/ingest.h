/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ingest: events, one JSON object a line, into groups, event users, environments, releases and the
 * tagstore. Repeating a file counts no event twice: an event is its project and event id, and its
 * row in sentry_message is made in the same transaction that counts it. Several may run at once.
 */
#ifndef EVENT_INGEST_H
#define EVENT_INGEST_H

#include "client/pg.h"
#include "client/redis.h"
#include "tagstore/tagstore.h"

/* lines = counted + repeated + bad; blank lines do not count. */
struct ingest_summary {
    int64_t lines, counted, repeated, bad;
    int64_t dropped; /* tags and attributes of users that counted events lost */
};

struct ingest {
    struct pg *pg; /* also the tagstore's connection: one transaction a batch */
    struct tagstore *tagstore;
    struct redis *redis; /* need not be connected; NULL: last processed events are not recorded */
    const char *sampled_projects; /* as in EXPORTD_SAMPLED_PROJECTS */
    bool rebase_time; /* shift all times so that the newest is now: needs a seekable input */

    /* Told of each bad line, of each counted line that lost a part (event_line.h), of each batch
       that is done, and of what goes wrong without stopping anything. Each may be NULL. */
    void (*bad_line)(int64_t number, const char *reason);
    void (*dropped)(int64_t number, size_t count, const char *first_reason);
    void (*progress)(const struct ingest_summary *summary);
    void (*warning)(const char *reason);
};

/* Reads `input`, which may be compressed with gzip, to its end. A bad line is told and skipped.
   False only when nothing can go on (the database is away, the input unreadable); what was counted
   before stays counted and is in *summary. */
bool ingest_run(const struct ingest *ingest, FILE *input, struct ingest_summary *summary,
                struct error *error) MUST_CHECK;

#endif
