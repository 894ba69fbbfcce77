/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intake brings the messages of Celery's producers from Redis (intake_lists.h) into
 * exportd.export, or exportd.dead. One worker of a queue does it, by a lease; two at once do no
 * harm. Each message is in Redis until the transaction is committed that holds what became of it.
 */
#ifndef JOB_INTAKE_H
#define JOB_INTAKE_H

#include "base/digest.h"
#include "client/pg.h"
#include "job/intake_lists.h"

struct intake {
    /* Given by the caller, and still the caller's, who also makes both connections. */
    const char *queue;
    const char *worker; /* that holds the lease: its instance */
    const struct intake_lists *lists;
    struct pg *pg;
    struct redis *redis;

    bool redis_failed; /* the last error was one of Redis, not of PostgreSQL */

    /* intake.c's own; zeroed at the start. */
    bool ours;                   /* the lease */
    bool careful;                /* one message a round: one of them may be what kills intakes */
    char counted[SHA1_HEX_SIZE]; /* the last one that was counted in exportd.intake_try */
};

/* Takes the lease for `seconds`, or renews it. *ours: this worker is the intake. */
bool intake_lease(struct intake *intake, int64_t seconds, bool *ours,
                  struct error *error) MUST_CHECK;

/* Gives the lease back; does nothing if another worker has it. */
bool intake_release(struct intake *intake, struct error *error) MUST_CHECK;

/* Brings the next messages into PostgreSQL. *count: how many have left Redis, 0 when there were
   none.
   What an intake that died has left is done one by one. A message with which three intakes have
   died is buried, and so is one that PostgreSQL does not take. */
bool intake_round(struct intake *intake, int64_t *count, struct error *error) MUST_CHECK;

#endif
