/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dead list, exportd.dead: messages of a queue that lead to no export.
 *
 * A message may arrive before the COMMIT of its sentry_exporteddata row. So a message without a row
 * is pending for ten seconds, and only then dead.
 */
#ifndef JOB_DEAD_H
#define JOB_DEAD_H

#include "base/json.h"
#include "client/pg.h"

#define DEAD_NO_ROW "no export has this id"

struct dead_message {
    const char *queue;
    const char *worker; /* the worker whose intake found it */
    const char *bytes;
    size_t size;
    int64_t priority;
    int64_t data_export_id; /* the export that it names; 0: none */
    int64_t date_added;     /* when it was buried before; 0: it is buried now */
    bool pending;
    const char *reason; /* any bytes: those that are not UTF-8 are replaced */
};

/* Puts the message into the list, in the caller's transaction. Logs `queue.dead` unless the message
   is pending or was buried before. A message that is among the last thousand already is not added
   again: an intake that died may have added it before it removed it from Redis. */
bool dead_add(struct pg *pg, const struct dead_message *message, struct error *error) MUST_CHECK;

/* Enqueues the pending messages whose row has arrived, 100 at most, and takes them off the list.
   Messages that have been pending for too long become dead and are logged. *enqueued: how many were
   enqueued. */
bool dead_retry_pending(struct pg *pg, const char *queue, int64_t *enqueued,
                        struct error *error) MUST_CHECK;

/* Lists up to `max` dead entries, oldest first, which follow the entry `after` ("": from the
   start). *entries is a JSON array of {id, date_added, reason, worker, message}, which the caller
   frees; a message is cut to 2000 bytes and cleaned. ERROR_NOT_FOUND if `after` cannot be an id. */
struct dead_page {
    const char *queue;
    const char *after;
    int64_t max;
};
bool dead_list(struct pg *pg, const struct dead_page *page, json_t **entries,
               struct error *error) MUST_CHECK;

/* Enqueues an entry's message and takes it off the list, also if exportd knows the export already.
   ERROR_NOT_FOUND: there is no such entry, or still no export with its id. ERROR_INVALID,
   ERROR_TOO_LARGE: the message cannot be read. After an error the entry stays in the list. */
bool dead_retry(struct pg *pg, const char *queue, const char *entry,
                struct error *error) MUST_CHECK;

/* Does the same with each entry of the list. */
struct dead_retried {
    int64_t enqueued;
    int64_t left; /* still in the list */
};
bool dead_retry_all(struct pg *pg, const char *queue, struct dead_retried *retried,
                    struct error *error) MUST_CHECK;

/* Deletes an entry. ERROR_NOT_FOUND: there is no such entry. */
bool dead_drop(struct pg *pg, const char *queue, const char *entry, struct error *error) MUST_CHECK;

struct dead_count {
    int64_t dead;
    int64_t pending;
};
bool dead_count(struct pg *pg, const char *queue, struct dead_count *count,
                struct error *error) MUST_CHECK;

#endif
