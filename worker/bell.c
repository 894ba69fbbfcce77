/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/bell.h"

#include "base/clock.h"

#include <errno.h>

void bell_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(condition, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

struct timespec bell_deadline(int64_t ms)
{
    int64_t at = clock_monotonic_ms() + ms;
    return (struct timespec){.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
}

void bell_init(struct bell *bell)
{
    (void)pthread_mutex_init(&bell->mutex, NULL);
    bell_condition_init(&bell->changed);
    bell->rung = false;
}

void bell_destroy(struct bell *bell)
{
    (void)pthread_cond_destroy(&bell->changed);
    (void)pthread_mutex_destroy(&bell->mutex);
}

void bell_ring(struct bell *bell)
{
    (void)pthread_mutex_lock(&bell->mutex);
    bell->rung = true;
    (void)pthread_cond_signal(&bell->changed);
    (void)pthread_mutex_unlock(&bell->mutex);
}

bool bell_wait(struct bell *bell, int64_t ms)
{
    struct timespec deadline = bell_deadline(ms);
    (void)pthread_mutex_lock(&bell->mutex);
    while (!bell->rung &&
           pthread_cond_timedwait(&bell->changed, &bell->mutex, &deadline) != ETIMEDOUT)
        ;
    bool rung = bell->rung;
    bell->rung = false;
    (void)pthread_mutex_unlock(&bell->mutex);
    return rung;
}
