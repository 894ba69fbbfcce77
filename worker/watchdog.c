/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/watchdog.h"

#include "base/clock.h"

enum { STOPPED_MS = 5000 }; /* watchdog_check is called far more often than that */

struct watch *watchdog_add(struct watchdog *watchdog, const char *part, int64_t more_ms)
{
    if (watchdog->count >= WATCHDOG_PARTS_MAX)
        abort(); /* more threads than a worker can have */
    watchdog->checked_ms = clock_monotonic_ms();
    struct watch *watch = &watchdog->parts[watchdog->count++];
    watch->part = part;
    watch->more_ms = more_ms;
    watch_seen(watch);
    return watch;
}

void watch_seen(struct watch *watch)
{
    atomic_store(&watch->seen_ms, clock_monotonic_ms());
}

void watch_end(struct watch *watch)
{
    atomic_store(&watch->seen_ms, 0);
}

static void count_all_as_alive(struct watchdog *watchdog)
{
    for (int i = 0; i < watchdog->count; i++)
        if (atomic_load(&watchdog->parts[i].seen_ms) != 0)
            watch_seen(&watchdog->parts[i]);
}

const struct watch *watchdog_check(struct watchdog *watchdog, int64_t stuck_ms)
{
    int64_t now = clock_monotonic_ms();
    bool stopped = now - watchdog->checked_ms >= STOPPED_MS;
    watchdog->checked_ms = now;
    if (stopped)
        count_all_as_alive(watchdog);
    for (int i = 0; i < watchdog->count; i++) {
        int64_t seen = atomic_load(&watchdog->parts[i].seen_ms);
        if (seen != 0 && now - seen >= stuck_ms + watchdog->parts[i].more_ms)
            return &watchdog->parts[i];
    }
    return NULL;
}
