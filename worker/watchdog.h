/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog. Every thread gives signs of life, and the main thread looks for one that has given
 * none for too long. A worker with such a thread is aborted: its jobs then wait again, and its
 * service manager starts it again.
 */
#ifndef WORKER_WATCHDOG_H
#define WORKER_WATCHDOG_H

#include "base/error.h"

#include <stdatomic.h>

#define WATCHDOG_PARTS_MAX 72

/* One part of the worker, which is a thread. It writes this, and the main thread reads it. */
struct watch {
    const char *part;               /* "job", "claimer", ...: in the log */
    int64_t more_ms;                /* allowed beyond stuck_ms */
    _Atomic int64_t seen_ms;        /* its last sign of life (monotonic); 0: none is expected */
    _Atomic int64_t data_export_id; /* the job in hand, 0: none */
};

struct watchdog {
    struct watch parts[WATCHDOG_PARTS_MAX];
    int count;
    int64_t checked_ms;
};

/* Adds a part, before its thread starts. It counts as alive now, and may be silent for `more_ms`
   longer than the others. The result lives as long as the watchdog. */
struct watch *watchdog_add(struct watchdog *watchdog, const char *part, int64_t more_ms);

/* A sign of life. A job gives one at every page and every object, and at every try to reach a
   server that is away: waiting for a server is not hanging. */
void watch_seen(struct watch *watch);

/* The part has ended: no more signs are expected. */
void watch_end(struct watch *watch);

/* A part that has given no sign for `stuck_ms` (plus its more_ms), or NULL. To be called often:
   after a gap of 5 s or more the whole process must have been stopped, and the time of all parts
   starts again. */
const struct watch *watchdog_check(struct watchdog *watchdog, int64_t stuck_ms);

#endif
