/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue in Redis: kombu's four priority lists, and exportd's own keys beside them. `Q` is the
 * queue's name.
 *
 *   Q, Q\x06\x163, Q\x06\x166, Q\x06\x169   lists: producers LPUSH, workers take from the right
 *   exportd:{Q}:workers              zset: worker -> its last beat, ms of Redis TIME
 *   exportd:{Q}:known                zset: the same, kept for a day: whose list may still be there
 *   exportd:{Q}:processing:<worker>  list: messages that a worker has taken and not yet left
 *   exportd:{Q}:delayed              zset: message -> when it is due, ms of Redis TIME
 *   exportd:{Q}:dead                 stream: message, reason, worker; entries have ids of their own
 *   exportd:{Q}:crashes              hash: SHA-1 of a message -> how many workers died with it
 *   exportd:{Q}:paused               string: present while nothing may be taken
 *   exportd:{Q}:swept                string: when the last sweep began, ms of Redis TIME
 *   exportd:{Q}:missing              hash: "<id>:<attempt>" without message -> sweep that missed it
 *
 * None has a time to live. Each move is one Lua script (job/lua/), conditional on the message still
 * being where it leaves from: whoever comes second changes nothing.
 */
#ifndef JOB_QUEUE_H
#define JOB_QUEUE_H

#include "base/json.h"
#include "client/redis.h"

struct queue;

/* `worker` may be NULL for commands that take nothing. Both are copied. NULL without memory. */
struct queue *queue_new(const char *name, const char *worker);
void queue_free(struct queue *queue);

/* A name for this process's worker: <host>:<pid>:<8 random hex digits>. */
#define QUEUE_WORKER_MAX 128
void queue_worker_name(char worker[QUEUE_WORKER_MAX]);

/* ---- producing ---- */

/* LPUSH onto the base list, unless that very message waits there already. */
bool queue_push(struct queue *queue, struct redis *redis, const char *message, size_t size,
                struct error *error) MUST_CHECK;

/* The same with the plain message that leads to an export: limit 0: all rows, environment_id 0: all
   environments. */
bool queue_push_export(struct queue *queue, struct redis *redis, int64_t data_export_id,
                       int64_t limit, int64_t environment_id, struct error *error) MUST_CHECK;

/* ---- taking and leaving ---- */

/* A message that this worker has taken. */
struct job_ticket {
    char *message; /* owned: job_ticket_free */
    size_t size;
    int step;        /* priority step of the list it came from: 0, 3, 6, 9 */
    int64_t crashes; /* how many workers in a row have died with it before they had claimed it */
};
void job_ticket_free(struct job_ticket *ticket); /* NULL is fine */

/* Registers the worker, or renews its lease: one beat. */
bool queue_beat(struct queue *queue, struct redis *redis, struct error *error) MUST_CHECK;

/* Takes the next message in kombu's order (all of step 0, then 3, 6, 9) into this worker's
   processing list; waits up to `wait_ms` on the base list when all are empty. *ticket is NULL when
   there was none or the queue is paused (*paused). Counts as a beat. A message taken while the
   connection broke is in the processing list: see queue_return_stranded. */
bool queue_take(struct queue *queue, struct redis *redis, int64_t wait_ms,
                struct job_ticket **ticket, bool *paused, struct error *error) MUST_CHECK;

/* The message has led to a claim: from here on the database counts its failures. Forgets how many
   workers died with it before. */
bool queue_claimed(struct queue *queue, struct redis *redis, const struct job_ticket *ticket,
                   struct error *error) MUST_CHECK;

/* After a reconnect: puts every message of this worker's processing list that is not among `held`
   back to the serving end of the base list. *count tells how many. */
bool queue_return_stranded(struct queue *queue, struct redis *redis,
                           const struct job_ticket *const *held, size_t held_count, int64_t *count,
                           struct error *error) MUST_CHECK;

/* Leaving the processing list. *left is false when the message was no longer there (somebody
   rescued it): nothing was changed then. */
bool queue_acknowledge(struct queue *queue, struct redis *redis, const struct job_ticket *ticket,
                       bool *left, struct error *error) MUST_CHECK;
/* ... to the serving end of the list it came from */
bool queue_give_back(struct queue *queue, struct redis *redis, const struct job_ticket *ticket,
                     bool *left, struct error *error) MUST_CHECK;
/* ... to the delayed set, due `delay_ms` from now by Redis's clock */
bool queue_delay(struct queue *queue, struct redis *redis, const struct job_ticket *ticket,
                 int64_t delay_ms, bool *left, struct error *error) MUST_CHECK;
/* ... to the dead list */
bool queue_bury(struct queue *queue, struct redis *redis, const struct job_ticket *ticket,
                const char *reason, bool *left, struct error *error) MUST_CHECK;

/* Takes the worker off the list of workers, if its processing list is empty. */
bool queue_unregister(struct queue *queue, struct redis *redis, struct error *error) MUST_CHECK;

/* ---- supervising ---- */

/* Moves due messages of the delayed set, at most 1000, to the serving end of the base list; *count
   tells how many. */
bool queue_promote(struct queue *queue, struct redis *redis, int64_t *count,
                   struct error *error) MUST_CHECK;

/* Names of workers without a beat for `lease_ms`, as a JSON array of strings that is the caller's.
   None for a lease after the server's clock was set: every beat looks old or new then.
   A processing list whose worker is not registered counts as silent too: a BLMOVE of a stopped
   process may move a message long after its worker was forgotten. Such lists are looked for at the
   first call and then once a lease: by the names of all who have beaten within a day; and by a walk
   over all keys of the server at the first look and then once a day. For one thread (the rescuer);
   all else here may be shared by threads. */
bool queue_silent_workers(struct queue *queue, struct redis *redis, int64_t lease_ms,
                          json_t **workers, struct error *error) MUST_CHECK;

/* Moves all that a silent worker had taken to the serving end of the base list and forgets the
   worker; does nothing (*count = -1) when the worker has beaten within `lease_ms`. A message with
   which more than RETRY_CRASHES_MAX workers in a row have died unclaimed goes to the dead list. */
bool queue_rescue(struct queue *queue, struct redis *redis, const char *worker, int64_t lease_ms,
                  int64_t *count, struct error *error) MUST_CHECK;

/* Whether the worker is on the list of workers, silent or not. */
bool queue_is_registered(struct queue *queue, struct redis *redis, const char *worker,
                         bool *registered, struct error *error) MUST_CHECK;

/* Whether a sweep may begin: the last one, of any worker, began `interval_ms` ago. Notes that this
   one begins. */
bool queue_sweep_turn(struct queue *queue, struct redis *redis, int64_t interval_ms, bool *ours,
                      struct error *error) MUST_CHECK;

/* Remembers the names that this sweep has missed (in `names`, each with a blank behind it) and
   forgets all others. *late: those that a sweep has missed `interval_ms` before this one already,
   as a JSON array of strings that is the caller's. */
bool queue_sweep_note(struct queue *queue, struct redis *redis, int64_t interval_ms,
                      const struct buffer *names, json_t **late, struct error *error) MUST_CHECK;

/* ---- looking and operating ---- */

struct queue_stats {
    int64_t waiting;    /* in the four lists */
    int64_t by_step[4]; /* 0, 3, 6, 9 */
    int64_t processing; /* taken, over all workers */
    int64_t delayed, dead;
    int64_t workers;
    bool paused;
};
bool queue_stats(struct queue *queue, struct redis *redis, struct queue_stats *stats,
                 struct error *error) MUST_CHECK;

/* Up to `max` dead entries, oldest first, after entry `after` ("" for the start), as a JSON array
   of {id, date_added, reason, worker, message} (message cut to 2000 bytes and cleaned). */
bool queue_dead_list(struct queue *queue, struct redis *redis, const char *after, int64_t max,
                     json_t **entries, struct error *error) MUST_CHECK;

/* Queues a dead entry's message as if it were new, or forgets it. ERROR_NOT_FOUND. */
bool queue_dead_retry(struct queue *queue, struct redis *redis, const char *entry,
                      struct error *error) MUST_CHECK;
bool queue_dead_drop(struct queue *queue, struct redis *redis, const char *entry,
                     struct error *error) MUST_CHECK;

bool queue_pause(struct queue *queue, struct redis *redis, struct error *error) MUST_CHECK;
bool queue_resume(struct queue *queue, struct redis *redis, struct error *error) MUST_CHECK;

#endif
