/* SPDX-License-Identifier: Apache-2.0 */
/* A bell: one thread waits for it with a time-out, any thread rings it. */
#ifndef WORKER_BELL_H
#define WORKER_BELL_H

#include "base/prelude.h"

#include <pthread.h>

struct bell {
    pthread_mutex_t mutex; /* guards `rung` */
    pthread_cond_t changed;
    bool rung;
};

void bell_init(struct bell *bell);
void bell_destroy(struct bell *bell);
void bell_ring(struct bell *bell);

/* Returns when the bell has been rung since the last wait (true), or after `ms` milliseconds. */
bool bell_wait(struct bell *bell, int64_t ms);

/* An absolute deadline on the monotonic clock, for pthread_cond_timedwait on a condition made by
   bell_condition_init. */
struct timespec bell_deadline(int64_t ms);
void bell_condition_init(pthread_cond_t *condition);

#endif
