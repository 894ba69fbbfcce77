/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dead list: messages of a queue that lead to no export, in exportd.dead.
 *
 * A message may be faster than the COMMIT of its sentry_exporteddata row. One without a row is
 * therefore pending for ten seconds, and dead only then.
 */
#ifndef JOB_DEAD_H
#define JOB_DEAD_H

#include "base/json.h"
#include "client/pg.h"

#define DEAD_NO_ROW "no export has this id"

struct dead_message {
    const char *queue;
    const char *worker; /* whose intake found it */
    const char *bytes;
    size_t size;
    int64_t priority;
    int64_t data_export_id; /* that it names; 0: none */
    int64_t date_added;     /* when it was buried before; 0: it is only now */
    bool pending;
    const char *reason; /* any bytes: what is no UTF-8 is replaced */
};

/* Puts the message into the list, in the caller's transaction, and logs `queue.dead` unless it is
   pending or was buried before. One that is among the last thousand already is not put in twice: an
   intake that died before it took the message out of Redis has done that. */
bool dead_add(struct pg *pg, const struct dead_message *message, struct error *error) MUST_CHECK;

/* Enqueues the pending messages whose row is there by now, and takes them off the list. Those whose
   time is over are dead, and logged. *enqueued: how many, 100 at most. */
bool dead_retry_pending(struct pg *pg, const char *queue, int64_t *enqueued,
                        struct error *error) MUST_CHECK;

/* Up to `max` dead entries, oldest first, behind entry `after` ("" for the start), as a JSON array
   of {id, date_added, reason, worker, message} that is the caller's (message cut to 2000 bytes and
   cleaned). ERROR_NOT_FOUND when `after` is no entry's id. */
struct dead_page {
    const char *queue;
    const char *after;
    int64_t max;
};
bool dead_list(struct pg *pg, const struct dead_page *page, json_t **entries,
               struct error *error) MUST_CHECK;

/* Enqueues an entry's message, of which exportd may know the export already, and takes it off the
   list. ERROR_NOT_FOUND: there is no such entry, or still no export with its id. ERROR_INVALID,
   ERROR_TOO_LARGE: it cannot be read. It stays in the list then. */
bool dead_retry(struct pg *pg, const char *queue, const char *entry,
                struct error *error) MUST_CHECK;

/* The same with each entry of the list. */
struct dead_retried {
    int64_t enqueued;
    int64_t left; /* stay in the list */
};
bool dead_retry_all(struct pg *pg, const char *queue, struct dead_retried *retried,
                    struct error *error) MUST_CHECK;

/* Forgets an entry. ERROR_NOT_FOUND. */
bool dead_drop(struct pg *pg, const char *queue, const char *entry, struct error *error) MUST_CHECK;

struct dead_count {
    int64_t dead;
    int64_t pending;
};
bool dead_count(struct pg *pg, const char *queue, struct dead_count *count,
                struct error *error) MUST_CHECK;

#endif
