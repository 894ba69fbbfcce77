/* SPDX-License-Identifier: Apache-2.0 */
/* A bell. One thread waits for it with a time-out, and any thread may ring it. */
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

/* Waits until the bell rings, at most `ms` milliseconds, and not at all if it has rung since the
   last wait. True: it has rung. */
bool bell_wait(struct bell *bell, int64_t ms);

/* The time `ms` milliseconds from now, on the monotonic clock: a deadline for
   pthread_cond_timedwait on a condition made by bell_condition_init. */
struct timespec bell_deadline(int64_t ms);
void bell_condition_init(pthread_cond_t *condition);

#endif
