/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of a queue in Redis. `Q` is the queue's name, with kombu's global_keyprefix in front
 * of it where there is one.
 *
 *   Q, Q<separator>3, ...      lists of kombu, one a priority step; step 0 has no suffix. Producers
 *                              LPUSH; what is at the right end is the oldest
 *   exportd:{Q}:intake:<step>  lists: what the intake has in hand
 *   exportd:{Q}:intake:cut     list: what is left of messages that were too long: a line with their
 *                              length and SHA-1, and their first 2000 bytes
 *   unacked                    hash of kombu: what Celery workers have taken and not acknowledged.
 *                              exportd only reads it. The prefix stands in front of it, too
 *
 * A message leaves a list of kombu only for one of exportd's, and leaves that one only after the
 * COMMIT that brought it into PostgreSQL. None of the keys has a time to live.
 */
#ifndef JOB_INTAKE_LISTS_H
#define JOB_INTAKE_LISTS_H

#include "client/redis.h"

#define INTAKE_STEPS_MAX 10

/* How the producers' kombu names its lists. */
struct intake_naming {
    const char *queue;
    const char *key_prefix; /* global_keyprefix; "": none */
    const char *separator;  /* `sep` */
    const int *steps;       /* `priority_steps`, ascending */
    int step_count;         /* 1 to INTAKE_STEPS_MAX */
};

struct intake_lists;

/* Copies what it needs. NULL without memory. */
struct intake_lists *intake_lists_new(const struct intake_naming *naming);
void intake_lists_free(struct intake_lists *lists); /* NULL is fine */

/* Keys, as long as `lists` lives. The lists count from 0: kombu's, then exportd's, both in kombu's
   order; NULL behind the last one. */
const char *intake_lists_queue(const struct intake_lists *lists);       /* Q */
const char *intake_lists_prioritized(const struct intake_lists *lists); /* how others begin */
const char *intake_lists_unacked(const struct intake_lists *lists);
const char *intake_lists_own(const struct intake_lists *lists); /* how exportd's begin */
const char *intake_lists_key(const struct intake_lists *lists, int index);

/* A message in one of exportd's lists. */
struct intake_message {
    const char *bytes;
    size_t size;
    const char *key;  /* of the list that it lies in */
    int64_t priority; /* the step */
};

enum { INTAKE_AT_ONCE = 100 };

struct intake_taken {
    bool found; /* they lay in exportd's lists already; false: they came from kombu's just now */
    size_t count, cut_count;
    struct intake_message messages[INTAKE_AT_ONCE];
    struct intake_message cut[INTAKE_AT_ONCE]; /* remnants of messages that were too long */
    struct redis_reply *reply;                 /* owns the bytes */
};

/* What lies in exportd's lists. Only when they are empty, moves messages out of kombu's, in kombu's
   order: at most 100, and 4 MiB together. A message of more than JOB_MESSAGE_MAX is cut within the
   server. ERROR_AWAY also when the server is full, read-only or cannot save: each message is where
   it was then, or in one of exportd's lists. Free *taken with intake_taken_free. */
bool intake_take(const struct intake_lists *lists, struct redis *redis, struct intake_taken *taken,
                 struct error *error) MUST_CHECK;
void intake_taken_free(struct intake_taken *taken);

/* Takes messages out of exportd's lists. One that is not there any more is fine. */
bool intake_remove(struct redis *redis, const struct intake_message *messages, size_t count,
                   struct error *error) MUST_CHECK;

/* How many messages lie in Redis. One that is being moved may count twice, but never not at all; so
   do those that are counted in PostgreSQL after this. */
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

/* How many messages lie in lists of steps that `lists` does not name, kombu's and exportd's: no
   intake reads them. 0 for a step that it does name. */
bool intake_count_unread(const struct intake_lists *lists, struct redis *redis,
                         int64_t by_step[INTAKE_STEP_MAX + 1], struct error *error) MUST_CHECK;

#endif
