/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of job threads, where they meet the claimer. A job thread says that it is ready, and the
 * claimer gives it a job that it has claimed. The pool holds the job from then until the thread
 * releases it.
 */
#ifndef WORKER_THREADS_POOL_H
#define WORKER_THREADS_POOL_H

#include "job/lease.h"
#include "worker/bell.h"

enum { POOL_MAX = 64 };

enum pool_place {
    POOL_AWAY,    /* cannot work: its servers are away, or it has not started yet */
    POOL_READY,   /* waits for a job */
    POOL_GIVEN,   /* has a job, but has not received it yet */
    POOL_WORKING, /* works on its job */
    POOL_ENDING,  /* commits the outcome of its job: the next job may be claimed */
};

/* A job thread, as the pool sees it. */
struct pool_slot {
    pthread_cond_t may_receive; /* its thread waits for this */
    enum pool_place place;
    struct claim claim; /* set if given, working or ending */
    bool lost;          /* the job was cancelled, or another worker has it now */
};

struct pool {
    pthread_mutex_t mutex;    /* guards everything below */
    pthread_cond_t may_claim; /* the claimer waits for this */
    bool stopping;            /* no thread waits any more */
    bool rung;                /* there may be jobs to claim */
    bool big_is_coming;       /* the claimer has a big job and waits for a thread that ends */
    int threads;
    struct pool_slot slots[POOL_MAX];
};

void pool_init(struct pool *pool, int threads);
void pool_destroy(struct pool *pool);

/* Ends all waiting, now and later: the worker stops. */
void pool_stop(struct pool *pool);

/* ---- for the claimer ---- */

/* For any thread, when new jobs may wait in the queue. A job thread that becomes ready, or is about
   to, also rings. */
void pool_ring(struct pool *pool);

/* Waits at most `ms` milliseconds for the pool to ring. True: it has rung since the last wait. */
bool pool_wait(struct pool *pool, int64_t ms);

/* How many jobs may be claimed at the moment, and how many of them may be big. If there are several
   threads, one is kept for small exports. If no thread is ready but some are about to be, the
   order is for one job. */
struct claim_order pool_order(struct pool *pool);

/* Gives a claimed job to a thread that is ready, or will be within `ms` milliseconds. False: there
   was none, or the worker stops. After that the threads that end count as working again, so that no
   more jobs are claimed for them. */
bool pool_give(struct pool *pool, const struct claim *claim, int64_t ms);

/* ---- for job thread `slot` ---- */

/* Waits at most `ms` milliseconds for a job. NULL: none came. The pool holds the job until
   pool_release, and the result is valid until then. */
const struct claim *pool_receive(struct pool *pool, int slot, int64_t ms);

/* Only the COMMIT of the job's outcome is left: the next job may be claimed meanwhile. */
void pool_end(struct pool *pool, int slot);

/* The thread holds nothing, and is not ready until its next pool_receive. */
void pool_release(struct pool *pool, int slot);

/* The job has turned out to be big. False: it may not go on. All other threads have big jobs, so
   this thread is kept for small ones. */
bool pool_keep_big(struct pool *pool, int slot);

/* Whether the job is not ours any more. */
bool pool_is_lost(struct pool *pool, int slot);

/* ---- for all ---- */

/* How many jobs the pool holds. */
int pool_busy(struct pool *pool);

/* Copies of the claims of these jobs. */
void pool_list_held(struct pool *pool, struct held_runs *held);

/* The run is not ours any more, and its thread has to end it. Calls `interrupt` with the thread's
   slot, which meanwhile cannot release the job. Does nothing if no thread has the run. */
void pool_lose(struct pool *pool, const char *run, void (*interrupt)(void *context, int slot),
               void *context);

#endif
