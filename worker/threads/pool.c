/* SPDX-License-Identifier: Apache-2.0 */
/* One mutex guards the places of all threads. The claimer waits for one condition, and each job
   thread for one of its own, so that a job wakes only its thread. */
#include "worker/threads/pool.h"

#include "base/text.h"

#include <errno.h>

void pool_init(struct pool *pool, int threads)
{
    *pool = (struct pool){.threads = threads};
    (void)pthread_mutex_init(&pool->mutex, NULL);
    bell_condition_init(&pool->may_claim);
    for (int i = 0; i < threads; i++)
        bell_condition_init(&pool->slots[i].may_receive);
}

void pool_destroy(struct pool *pool)
{
    for (int i = 0; i < pool->threads; i++)
        (void)pthread_cond_destroy(&pool->slots[i].may_receive);
    (void)pthread_cond_destroy(&pool->may_claim);
    (void)pthread_mutex_destroy(&pool->mutex);
}

void pool_stop(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->may_claim);
    for (int i = 0; i < pool->threads; i++)
        (void)pthread_cond_signal(&pool->slots[i].may_receive);
    (void)pthread_mutex_unlock(&pool->mutex);
}

/* ---- the claimer ---- */

/* With the mutex held. */
static void ring_claimer(struct pool *pool)
{
    pool->rung = true;
    (void)pthread_cond_signal(&pool->may_claim);
}

void pool_ring(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    ring_claimer(pool);
    (void)pthread_mutex_unlock(&pool->mutex);
}

bool pool_wait(struct pool *pool, int64_t ms)
{
    struct timespec deadline = bell_deadline(ms);
    (void)pthread_mutex_lock(&pool->mutex);
    while (!pool->stopping && !pool->rung &&
           pthread_cond_timedwait(&pool->may_claim, &pool->mutex, &deadline) != ETIMEDOUT)
        ;
    bool rung = pool->rung;
    pool->rung = false;
    (void)pthread_mutex_unlock(&pool->mutex);
    return rung;
}

/* Whether the pool holds a job for this thread. */
static bool is_held(const struct pool_slot *slot)
{
    return slot->place == POOL_GIVEN || slot->place == POOL_WORKING || slot->place == POOL_ENDING;
}

/* How many more big jobs may begin. A job that ends takes no room any more. */
static int room_for_big(const struct pool *pool)
{
    int kept = pool->threads > 1 ? 1 : 0;
    int big = pool->big_is_coming ? 1 : 0;
    for (int i = 0; i < pool->threads; i++) {
        const struct pool_slot *slot = &pool->slots[i];
        big += is_held(slot) && slot->place != POOL_ENDING && slot->claim.big ? 1 : 0;
    }
    return pool->threads - kept - big;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* How many threads are in this place. */
static int count_in(const struct pool *pool, enum pool_place place)
{
    int count = 0;
    for (int i = 0; i < pool->threads; i++)
        count += pool->slots[i].place == place ? 1 : 0;
    return count;
}

/* A thread that ends counts only if no other one is ready, and then only one: it may take longer
   than the claimer waits. */
struct claim_order pool_order(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    int jobs = smaller(count_in(pool, POOL_READY), CLAIMS_MAX);
    if (jobs == 0)
        jobs = smaller(count_in(pool, POOL_ENDING), 1);
    struct claim_order order = {.jobs = jobs, .big = smaller(jobs, room_for_big(pool))};
    (void)pthread_mutex_unlock(&pool->mutex);
    return order;
}

static struct pool_slot *find_ready(struct pool *pool)
{
    for (int i = 0; i < pool->threads; i++)
        if (pool->slots[i].place == POOL_READY)
            return &pool->slots[i];
    return NULL;
}

static void give_claim(struct pool_slot *slot, const struct claim *claim)
{
    slot->place = POOL_GIVEN;
    slot->claim = *claim;
    slot->lost = false;
    (void)pthread_cond_signal(&slot->may_receive);
}

/* Threads take longer to end than the claimer would wait: they count as working again. */
static void expect_no_end(struct pool *pool)
{
    for (int i = 0; i < pool->threads; i++)
        if (pool->slots[i].place == POOL_ENDING)
            pool->slots[i].place = POOL_WORKING;
}

/* While this waits, the claim counts as a big job if it is one (big_is_coming). */
bool pool_give(struct pool *pool, const struct claim *claim, int64_t ms)
{
    struct timespec deadline = bell_deadline(ms);
    (void)pthread_mutex_lock(&pool->mutex);
    pool->big_is_coming = claim->big;
    while (!pool->stopping && find_ready(pool) == NULL &&
           pthread_cond_timedwait(&pool->may_claim, &pool->mutex, &deadline) != ETIMEDOUT)
        ;
    pool->big_is_coming = false;
    struct pool_slot *slot = find_ready(pool);
    bool given = !pool->stopping && slot != NULL;
    if (given)
        give_claim(slot, claim);
    else
        expect_no_end(pool);
    (void)pthread_mutex_unlock(&pool->mutex);
    return given;
}

/* ---- a job thread ---- */

/* After a wait without a job, the thread stays ready. It calls again at once, and a job that it is
   given meanwhile waits for it. */
const struct claim *pool_receive(struct pool *pool, int slot, int64_t ms)
{
    struct pool_slot *mine = &pool->slots[slot];
    struct timespec deadline = bell_deadline(ms);
    (void)pthread_mutex_lock(&pool->mutex);
    if (mine->place == POOL_AWAY) {
        mine->place = POOL_READY;
        ring_claimer(pool);
    }
    while (!pool->stopping && mine->place == POOL_READY &&
           pthread_cond_timedwait(&mine->may_receive, &pool->mutex, &deadline) != ETIMEDOUT)
        ;
    if (mine->place == POOL_GIVEN)
        mine->place = POOL_WORKING;
    bool received = mine->place == POOL_WORKING;
    (void)pthread_mutex_unlock(&pool->mutex);
    return received ? &mine->claim : NULL;
}

void pool_end(struct pool *pool, int slot)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pool->slots[slot].place = POOL_ENDING;
    ring_claimer(pool);
    (void)pthread_mutex_unlock(&pool->mutex);
}

void pool_release(struct pool *pool, int slot)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pool->slots[slot].place = POOL_AWAY;
    (void)pthread_mutex_unlock(&pool->mutex);
}

/* A job that was claimed as big counts already. */
bool pool_keep_big(struct pool *pool, int slot)
{
    struct claim *claim = &pool->slots[slot].claim;
    (void)pthread_mutex_lock(&pool->mutex);
    bool kept = claim->big || room_for_big(pool) > 0 || pool->threads == 1;
    claim->big = claim->big || kept;
    (void)pthread_mutex_unlock(&pool->mutex);
    return kept;
}

bool pool_is_lost(struct pool *pool, int slot)
{
    (void)pthread_mutex_lock(&pool->mutex);
    bool lost = pool->slots[slot].lost;
    (void)pthread_mutex_unlock(&pool->mutex);
    return lost;
}

/* ---- all ---- */

int pool_busy(struct pool *pool)
{
    int busy = 0;
    (void)pthread_mutex_lock(&pool->mutex);
    for (int i = 0; i < pool->threads; i++)
        busy += is_held(&pool->slots[i]) ? 1 : 0;
    (void)pthread_mutex_unlock(&pool->mutex);
    return busy;
}

void pool_list_held(struct pool *pool, struct held_runs *held)
{
    held->count = 0;
    (void)pthread_mutex_lock(&pool->mutex);
    for (int i = 0; i < pool->threads; i++)
        if (is_held(&pool->slots[i]))
            held->items[held->count++] = pool->slots[i].claim;
    (void)pthread_mutex_unlock(&pool->mutex);
}

void pool_lose(struct pool *pool, const char *run, void (*interrupt)(void *context, int slot),
               void *context)
{
    (void)pthread_mutex_lock(&pool->mutex);
    for (int i = 0; i < pool->threads; i++) {
        struct pool_slot *slot = &pool->slots[i];
        if (!is_held(slot) || !text_equal(slot->claim.run, run))
            continue;
        slot->lost = true;
        interrupt(context, i);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
}
