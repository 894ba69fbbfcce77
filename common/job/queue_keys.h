/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of queue.c, queue_rescue.c and queue_look.c: the queue's keys, and how a script is run. */
#ifndef JOB_QUEUE_KEYS_H
#define JOB_QUEUE_KEYS_H

#include "job/queue.h"

#include <stdatomic.h>

/* Priority steps 0, 3, 6, 9: one list each. */
#define QUEUE_STEPS 4

struct queue {
    char *worker; /* NULL: takes nothing */
    char *lists[QUEUE_STEPS];
    char *workers, *known, *processing_prefix, *processing, *delayed, *dead, *crashes, *paused,
        *swept, *missing;
    _Atomic int64_t walked_ms; /* when the key space was walked (monotonic); 0: never */
    /* of queue_silent_workers, monotonic */
    int64_t stray_looked_ms; /* 0: never */
    int64_t clock_offset_ms; /* the server's clock less ours, when last seen; 0: not seen */
    int64_t judge_from_ms;
};

/* Runs job/lua/<name>. `command` as for redis_eval. */
bool queue_run(struct redis *redis, const char *name, int keys, const struct redis_command *command,
               struct redis_reply **reply, struct error *error) MUST_CHECK;

/* The same for a script that answers with a number. */
bool queue_run_number(struct redis *redis, const char *name, int keys,
                      const struct redis_command *command, int64_t *number,
                      struct error *error) MUST_CHECK;

/* A command whose answer does not matter. */
bool queue_call(struct redis *redis, const struct redis_command *command,
                struct error *error) MUST_CHECK;

/* The processing list of any worker; free() it. NULL and *error without memory. */
char *queue_processing_key(const struct queue *queue, const char *worker, struct error *error);

/* The names of all workers that have a processing list, registered or not, as a JSON array that is
   the caller's. Asks for those that Redis knows by name, but walks the whole key space (a thousand
   keys at a time) the first time, and then once a day: a big server has millions of keys. */
bool queue_find_processing(struct queue *queue, struct redis *redis, json_t **workers,
                           struct error *error) MUST_CHECK;

/* Those of them that are not registered, likewise. */
bool queue_find_unregistered(struct queue *queue, struct redis *redis, json_t **workers,
                             struct error *error) MUST_CHECK;

#endif
