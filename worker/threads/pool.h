/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool's meeting point: job threads announce that they are ready, the fetcher hands a message
 * to one of them. A message is held by the pool from the hand-over until its thread has left it.
 */
#ifndef WORKER_THREADS_POOL_H
#define WORKER_THREADS_POOL_H

#include "job/queue.h"
#include "worker/bell.h"

enum { POOL_MAX = 64 };

enum pool_place { POOL_WORKING, POOL_COMING, POOL_WAITING };

struct pool {
    pthread_mutex_t mutex;             /* guards everything below */
    pthread_cond_t may_hand;           /* waited for by the fetcher */
    pthread_cond_t may_receive;        /* and by job threads */
    bool stopping;                     /* nobody waits any more */
    int ready;                         /* job threads that are coming or waiting */
    enum pool_place place[POOL_MAX];   /* of each thread */
    struct job_ticket *handed;         /* given by the fetcher, not yet picked up */
    struct job_ticket *held[POOL_MAX]; /* by each thread */
};

void pool_init(struct pool *pool);
void pool_destroy(struct pool *pool);

/* For the fetcher: whether a thread waits that has not been given anything; waits for that at most
   `ms` milliseconds. */
bool pool_wait_ready(struct pool *pool, int64_t ms);

/* Gives a ticket to the next thread that is ready. Only after pool_wait_ready was true. */
void pool_hand(struct pool *pool, struct job_ticket *ticket);

/* For job thread `slot`, whose job is over but for its leaving the queue: it will come for another
   one at once, so that the fetcher may look for it meanwhile. If it does not come after all,
   somebody else receives what was handed, or the fetcher withdraws it. */
void pool_announce(struct pool *pool, int slot);
void pool_renounce(struct pool *pool, int slot);

/* For job thread `slot`: waits at most `ms` milliseconds for a ticket; NULL when none came. The
   pool counts it as held until pool_release, which frees it. */
struct job_ticket *pool_receive(struct pool *pool, int slot, int64_t ms);
void pool_release(struct pool *pool, int slot);

/* Ends all waiting, now and later: the worker stops. */
void pool_stop(struct pool *pool);

/* Takes back what was handed but not picked up; NULL for nothing. For the fetcher, which has waited
   long enough: threads that were announced do not count any more until they come. */
struct job_ticket *pool_withdraw(struct pool *pool);

/* Tickets handed or held. */
int pool_busy(struct pool *pool);

/* Copies (job_ticket_free each) of all tickets handed or held: what a reconnected fetcher must not
   take for stranded. *count of them, also after ERROR_AWAY: no memory for the rest. */
bool pool_snapshot(struct pool *pool, struct job_ticket *tickets[POOL_MAX + 1], int *count,
                   struct error *error) MUST_CHECK;

#endif
