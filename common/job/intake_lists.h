/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of a queue in Redis. `Q` is the queue's name, after kombu's global_keyprefix if
 * there is one.
 *
 *   Q, Q<separator>3, ...      lists of kombu, one per priority step; step 0 has no suffix.
 *                              Producers LPUSH, so the oldest message is at the right end
 *   exportd:{Q}:intake:<step>  lists: messages that the intake has taken
 *   exportd:{Q}:intake:cut     list: remnants of messages that were too long. A remnant is a line
 *                              with the length and the SHA-1, then the first 2000 bytes
 *   unacked                    hash of kombu: messages that Celery workers have taken and not yet
 *                              acknowledged. exportd only reads it. The prefix precedes it, too
 *
 * A message moves from a list of kombu to one of exportd's. It leaves that only after the COMMIT
 * that brought it into PostgreSQL. None of the keys has a time to live.
 */
#ifndef JOB_INTAKE_LISTS_H
#define JOB_INTAKE_LISTS_H

#include "client/redis.h"

#define INTAKE_STEPS_MAX 10

/* How kombu, which the producers use, names its lists. */
struct intake_naming {
    const char *queue;
    const char *key_prefix; /* global_keyprefix; "": none */
    const char *separator;  /* `sep` */
    const int *steps;       /* `priority_steps`, ascending */
    int step_count;         /* 1 to INTAKE_STEPS_MAX */
};

struct intake_lists;

/* Copies the naming. NULL without memory. */
struct intake_lists *intake_lists_new(const struct intake_naming *naming);
void intake_lists_free(struct intake_lists *lists); /* NULL is fine */

/* Keys, valid as long as `lists` lives. An index counts from 0: kombu's lists, then exportd's, both
   in kombu's order; NULL after the last one. */
const char *intake_lists_queue(const struct intake_lists *lists); /* Q */
const char *
intake_lists_prioritized(const struct intake_lists *lists); /* the prefix of the others */
const char *intake_lists_unacked(const struct intake_lists *lists);
const char *intake_lists_own(const struct intake_lists *lists); /* the prefix of exportd's lists */
const char *intake_lists_key(const struct intake_lists *lists, int index);

/* A message in one of exportd's lists. */
struct intake_message {
    const char *bytes;
    size_t size;
    const char *key;  /* of the list that holds it */
    int64_t priority; /* the step */
};

enum { INTAKE_AT_ONCE = 100 };

struct intake_taken {
    bool found; /* the messages were in exportd's lists before; false: they were moved just now */
    size_t count, cut_count;
    struct intake_message messages[INTAKE_AT_ONCE];
    struct intake_message cut[INTAKE_AT_ONCE]; /* remnants of messages that were too long */
    struct redis_reply *reply;                 /* owns the bytes */
};

/* Reads the messages in exportd's lists. Only if there are none, moves messages there from kombu's
   lists, in kombu's order: at most 100, of 4 MiB together. A message longer than JOB_MESSAGE_MAX is
   cut inside Redis. ERROR_AWAY also if Redis is full, read-only or cannot save; each message is
   then where it was, or in one of exportd's lists. Free *taken with intake_taken_free. */
bool intake_take(const struct intake_lists *lists, struct redis *redis, struct intake_taken *taken,
                 struct error *error) MUST_CHECK;
void intake_taken_free(struct intake_taken *taken);

/* Removes messages from exportd's lists. A message that is no longer there is no error. */
bool intake_remove(struct redis *redis, const struct intake_message *messages, size_t count,
                   struct error *error) MUST_CHECK;

/* Counts the messages in Redis. A message that moves meanwhile is counted at least once, perhaps
   twice. So count jobs in PostgreSQL after this, and no message is missed. */
struct intake_count {
    int step_count;
    int steps[INTAKE_STEPS_MAX];
    int64_t by_step[INTAKE_STEPS_MAX]; /* in kombu's lists */
    int64_t waiting;                   /* their sum */
    int64_t taken;                     /* in exportd's lists */
};
bool intake_count(const struct intake_lists *lists, struct redis *redis, struct intake_count *count,
                  struct error *error) MUST_CHECK;

enum { INTAKE_STEP_MAX = 255 };

/* Counts the messages, in kombu's lists and exportd's, of the steps that `lists` does not name: no
   intake reads those. 0 for a step that it names. */
bool intake_count_unread(const struct intake_lists *lists, struct redis *redis,
                         int64_t by_step[INTAKE_STEP_MAX + 1], struct error *error) MUST_CHECK;

#endif
