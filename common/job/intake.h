/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intake moves the messages of Celery's producers from Redis (intake_lists.h) into
 * exportd.export or exportd.dead. One worker per queue is the intake, by a lease; two at once do no
 * harm. A message leaves Redis only after the COMMIT that stores its job or its dead entry.
 */
#ifndef JOB_INTAKE_H
#define JOB_INTAKE_H

#include "base/digest.h"
#include "client/pg.h"
#include "job/intake_lists.h"

struct intake {
    /* Set by the caller, who owns all of it and connects `pg` and `redis`. */
    const char *queue;
    const char *worker; /* the instance of this worker, which holds the lease */
    const struct intake_lists *lists;
    struct pg *pg;
    struct redis *redis;

    bool redis_failed; /* whether the last error came from Redis, not from PostgreSQL */

    /* Private to intake.c; zero at the start. */
    bool ours;                   /* this worker has the lease */
    bool careful;                /* one message per round: a message may have killed an intake */
    char counted[SHA1_HEX_SIZE]; /* the last message that was counted in exportd.intake_try */
};

/* Takes the lease for `seconds`, or renews it. *ours: this worker is the intake. */
bool intake_lease(struct intake *intake, int64_t seconds, bool *ours,
                  struct error *error) MUST_CHECK;

/* Gives the lease back; does nothing if another worker has it. */
bool intake_release(struct intake *intake, struct error *error) MUST_CHECK;

/* Moves the next messages into PostgreSQL. *count: how many have left Redis; 0 if there were none.
   Messages that a dead intake left behind are treated one by one. A message with which three
   intakes have died is buried, and so is one that PostgreSQL refuses. */
bool intake_round(struct intake *intake, int64_t *count, struct error *error) MUST_CHECK;

#endif
