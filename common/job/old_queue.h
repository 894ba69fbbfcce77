/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue as exportd 0.1.0 kept it in Redis, for its upgrade (takeover.h). `Q` is its name there
 * (intake_lists.h):
 *
 *   exportd:{Q}:dead            stream of dead messages: fields message, reason, worker
 *   exportd:{Q}:delayed         zset: message -> when it is due, milliseconds since 1970
 *   exportd:{Q}:processing:<w>  list: messages that worker <w> has taken
 *   exportd:{Q}:paused          string: workers take nothing while it exists
 *   exportd:{Q}:workers         zset: worker -> its last beat, milliseconds of Redis TIME
 *   exportd:{Q}:known, crashes, swept, missing   notes of the workers
 *
 * Waiting messages were in kombu's lists. They stay there, for the intake.
 */
#ifndef JOB_OLD_QUEUE_H
#define JOB_OLD_QUEUE_H

#include "job/dead.h"
#include "job/intake_lists.h"

struct old_queue {
    struct redis *redis;
    const struct intake_lists *lists;
};

/* Whether a worker has beaten within the last `lease_seconds` (up to a second more, because TIME is
   rounded down). */
bool old_queue_has_worker(const struct old_queue *queue, int64_t lease_seconds, bool *has,
                          struct error *error) MUST_CHECK;
bool old_queue_is_paused(const struct old_queue *queue, bool *paused,
                         struct error *error) MUST_CHECK;

/* The oldest dead messages, 30 at most; redis_count(*entries) is 0 if there are none. Free *entries
   with redis_reply_free. */
bool old_queue_read_dead(const struct old_queue *queue, struct redis_reply **entries,
                         struct error *error) MUST_CHECK;
/* Reads an entry. dead->queue is left NULL; the other texts live as long as the entry. */
bool old_queue_parse_dead(const struct redis_reply *entry, struct dead_message *dead,
                          struct error *error) MUST_CHECK;
bool old_queue_remove_dead(const struct old_queue *queue, const struct redis_reply *entries,
                           struct error *error) MUST_CHECK;

/* Moves delayed messages, or those that workers have taken, back to kombu's first list. *count: how
   many were moved, also after an error. */
bool old_queue_give_back_delayed(const struct old_queue *queue, int64_t *count,
                                 struct error *error) MUST_CHECK;
bool old_queue_give_back_work(const struct old_queue *queue, int64_t *count,
                              struct error *error) MUST_CHECK;

/* Removes all keys except the processing lists: those vanish as soon as they are empty. */
bool old_queue_remove(const struct old_queue *queue, struct error *error) MUST_CHECK;

#endif
