/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog: every thread gives signs of life, and the main thread finds the one that has given
 * none for too long. A worker of which a part hangs is aborted: its jobs then wait again, and it is
 * started anew.
 */
#ifndef WORKER_WATCHDOG_H
#define WORKER_WATCHDOG_H

#include "base/error.h"

#include <stdatomic.h>

#define WATCHDOG_PARTS_MAX 72

/* One part: written by its thread, read by the main thread. */
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

/* A new part, before its thread starts; it counts as alive now. Lives as long as the watchdog. It
   is given `more_ms` beyond what the others have: for what may take long between two signs. */
struct watch *watchdog_add(struct watchdog *watchdog, const char *part, int64_t more_ms);

/* A sign of life. A job gives one at every page and every object, and at every try to reach a
   server that is away: waiting for a server is not hanging. */
void watch_seen(struct watch *watch);

/* The part has ended: no more signs are expected. */
void watch_end(struct watch *watch);

/* The part that has given no sign for `stuck_ms` (and what it has more), or NULL. To be called
   often: if the last call is long ago, the whole process was stopped, and all parts get their time
   anew. */
const struct watch *watchdog_check(struct watchdog *watchdog, int64_t stuck_ms);

#endif
