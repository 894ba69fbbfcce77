/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool's meeting point: job threads say that they are ready, the claimer gives each of them a
 * job that it has claimed. A job is held by the pool from then until its thread releases it.
 */
#ifndef WORKER_THREADS_POOL_H
#define WORKER_THREADS_POOL_H

#include "job/lease.h"
#include "worker/bell.h"

enum { POOL_MAX = 64 };

enum pool_place {
    POOL_AWAY,    /* cannot work: its servers are away, or it has not started yet */
    POOL_READY,   /* waits for a job */
    POOL_GIVEN,   /* has been given one */
    POOL_WORKING, /* has picked it up */
    POOL_ENDING,  /* its outcome is on its way: the next one may be claimed */
};

struct pool_slot {
    pthread_cond_t may_receive; /* waited for by its thread */
    enum pool_place place;
    struct claim claim; /* given, working or ending */
    bool lost;          /* the job was cancelled, or is another worker's now */
};

struct pool {
    pthread_mutex_t mutex;    /* guards everything below */
    pthread_cond_t may_claim; /* waited for by the claimer */
    bool stopping;            /* no thread waits any more */
    bool rung;                /* there may be something to claim */
    bool big_is_coming;       /* the claimer waits with a big job for a thread that ends */
    int threads;
    struct pool_slot slots[POOL_MAX];
};

void pool_init(struct pool *pool, int threads);
void pool_destroy(struct pool *pool);

/* Ends all waiting, now and later: the worker stops. */
void pool_stop(struct pool *pool);

/* ---- for the claimer ---- */

/* From any thread: jobs may wait that did not a moment ago. A thread that becomes ready, or is
   about to, rings, too. */
void pool_ring(struct pool *pool);

/* Waits at most `ms` milliseconds for the pool to ring: whether it did. */
bool pool_wait(struct pool *pool, int64_t ms);

/* How many jobs may be claimed at the moment, and how many of them may be big: where there are
   several threads, one is kept for small exports. When none is ready, one for the thread that ends
   first. */
struct claim_order pool_order(struct pool *pool);

/* Gives a claimed job to a thread that is ready, or will be within `ms` milliseconds. False: there
   was none, or the worker stops. Then no thread counts as one that ends any more. */
bool pool_give(struct pool *pool, const struct claim *claim, int64_t ms);

/* ---- for job thread `slot` ---- */

/* Waits at most `ms` milliseconds for a job; NULL when none came. It is held until pool_release. */
const struct claim *pool_receive(struct pool *pool, int slot, int64_t ms);

/* Only the COMMIT of the job's outcome is left: the next job may be claimed meanwhile. */
void pool_end(struct pool *pool, int slot);

/* The thread holds nothing, and is not ready until its next pool_receive. */
void pool_release(struct pool *pool, int slot);

/* The job has turned out to be big. False: it may not go on, because the other threads have big
   ones and this is the one that is kept. */
bool pool_keep_big(struct pool *pool, int slot);

/* Whether the job has been taken away. */
bool pool_is_lost(struct pool *pool, int slot);

/* ---- for all ---- */

/* Jobs given, in work or ending. */
int pool_busy(struct pool *pool);

/* Copies of their claims. */
void pool_list_held(struct pool *pool, struct held_runs *held);

/* The run is not ours any more: its thread has to end it. Does nothing when no thread has it. Calls
   `interrupt` with the slot, while the thread cannot release it. */
void pool_lose(struct pool *pool, const char *run, void (*interrupt)(void *context, int slot),
               void *context);

#endif
