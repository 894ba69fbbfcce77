/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/threads/pool.h"

#include <errno.h>

void pool_init(struct pool *pool)
{
    *pool = (struct pool){.ready = 0};
    (void)pthread_mutex_init(&pool->mutex, NULL);
    bell_condition_init(&pool->may_hand);
    bell_condition_init(&pool->may_receive);
}

void pool_destroy(struct pool *pool)
{
    (void)pthread_cond_destroy(&pool->may_receive);
    (void)pthread_cond_destroy(&pool->may_hand);
    (void)pthread_mutex_destroy(&pool->mutex);
}

/* Whoever makes this true wakes the fetcher: a thread that comes, and one that takes what was
   handed while others wait. */
static bool may_hand(const struct pool *pool)
{
    return pool->ready > 0 && pool->handed == NULL;
}

bool pool_wait_ready(struct pool *pool, int64_t ms)
{
    struct timespec deadline = bell_deadline(ms);
    (void)pthread_mutex_lock(&pool->mutex);
    while (!pool->stopping && !may_hand(pool) &&
           pthread_cond_timedwait(&pool->may_hand, &pool->mutex, &deadline) != ETIMEDOUT)
        ;
    bool ready = may_hand(pool);
    (void)pthread_mutex_unlock(&pool->mutex);
    return ready;
}

void pool_hand(struct pool *pool, struct job_ticket *ticket)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pool->handed = ticket;
    (void)pthread_cond_signal(&pool->may_receive);
    (void)pthread_mutex_unlock(&pool->mutex);
}

/* Counts the thread once, however often it says that it comes. */
static void come(struct pool *pool, int slot, enum pool_place place)
{
    bool counted = pool->place[slot] != POOL_WORKING;
    pool->place[slot] = place;
    if (counted)
        return;
    pool->ready++;
    if (may_hand(pool))
        (void)pthread_cond_signal(&pool->may_hand);
}

static void go(struct pool *pool, int slot)
{
    if (pool->place[slot] != POOL_WORKING)
        pool->ready--;
    pool->place[slot] = POOL_WORKING;
}

void pool_announce(struct pool *pool, int slot)
{
    (void)pthread_mutex_lock(&pool->mutex);
    come(pool, slot, POOL_COMING);
    (void)pthread_mutex_unlock(&pool->mutex);
}

void pool_renounce(struct pool *pool, int slot)
{
    (void)pthread_mutex_lock(&pool->mutex);
    go(pool, slot);
    (void)pthread_mutex_unlock(&pool->mutex);
}

struct job_ticket *pool_receive(struct pool *pool, int slot, int64_t ms)
{
    struct timespec deadline = bell_deadline(ms);
    (void)pthread_mutex_lock(&pool->mutex);
    come(pool, slot, POOL_WAITING);
    while (!pool->stopping && pool->handed == NULL &&
           pthread_cond_timedwait(&pool->may_receive, &pool->mutex, &deadline) != ETIMEDOUT)
        ;
    struct job_ticket *ticket = pool->handed;
    pool->handed = NULL;
    pool->held[slot] = ticket;
    go(pool, slot);
    if (may_hand(pool))
        (void)pthread_cond_signal(&pool->may_hand);
    (void)pthread_mutex_unlock(&pool->mutex);
    return ticket;
}

void pool_release(struct pool *pool, int slot)
{
    (void)pthread_mutex_lock(&pool->mutex);
    struct job_ticket *ticket = pool->held[slot];
    pool->held[slot] = NULL;
    (void)pthread_mutex_unlock(&pool->mutex);
    job_ticket_free(ticket);
}

void pool_stop(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->may_hand);
    (void)pthread_cond_broadcast(&pool->may_receive);
    (void)pthread_mutex_unlock(&pool->mutex);
}

struct job_ticket *pool_withdraw(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    struct job_ticket *ticket = pool->handed;
    pool->handed = NULL;
    for (int i = 0; i < POOL_MAX; i++)
        if (pool->place[i] == POOL_COMING)
            go(pool, i);
    (void)pthread_mutex_unlock(&pool->mutex);
    return ticket;
}

int pool_busy(struct pool *pool)
{
    int busy = 0;
    (void)pthread_mutex_lock(&pool->mutex);
    busy += pool->handed != NULL ? 1 : 0;
    for (int i = 0; i < POOL_MAX; i++)
        busy += pool->held[i] != NULL ? 1 : 0;
    (void)pthread_mutex_unlock(&pool->mutex);
    return busy;
}

static struct job_ticket *copy_ticket(const struct job_ticket *ticket)
{
    struct job_ticket *copy = memory_zeroed(1, sizeof(*copy));
    if (copy == NULL)
        return NULL;
    *copy = *ticket;
    copy->message = memory_alloc(ticket->size + 1);
    if (copy->message == NULL) {
        free(copy);
        return NULL;
    }
    memcpy(copy->message, ticket->message, ticket->size);
    copy->message[ticket->size] = '\0';
    return copy;
}

bool pool_snapshot(struct pool *pool, struct job_ticket *tickets[POOL_MAX + 1], int *count,
                   struct error *error)
{
    bool done = true;
    *count = 0;
    (void)pthread_mutex_lock(&pool->mutex);
    for (int i = -1; done && i < POOL_MAX; i++) {
        const struct job_ticket *ticket = i < 0 ? pool->handed : pool->held[i];
        if (ticket == NULL)
            continue;
        tickets[*count] = copy_ticket(ticket);
        done = tickets[*count] != NULL;
        *count += done ? 1 : 0;
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return done || error_no_memory(error);
}
