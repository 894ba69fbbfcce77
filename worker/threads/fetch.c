/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/threads/fetch.h"

#include "base/clock.h"
#include "base/fault.h"
#include "worker/outage.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    REGISTER_WAIT_MS = 20,
    READY_WAIT_MS = 500,
    AWAY_WAIT_MS = 1000,
    DISK_CHECK_MS = 5000,
    LEAST_ROOM = 16 << 20
};

struct fetch {
    const struct fetcher *fetcher;
    struct worker_context *context;
    struct redis *redis;
    bool suspicious;     /* a take was cut off: its message may be in our processing list, unseen */
    int64_t compared_ms; /* our processing list with what the threads hold (monotonic) */
    int64_t disks_checked_ms;
    struct outage redis_outage, store_outage, tmpdir_outage;
};

bool fetch_check_tmpdir(const char *folder, struct error *error)
{
    struct statvfs room;
    if (access(folder, W_OK | X_OK) != 0 || statvfs(folder, &room) != 0)
        return error_set_errno(error, errno, "the temporary folder cannot be written");
    if ((uint64_t)room.f_bavail * room.f_frsize < LEAST_ROOM)
        return error_set(error, ERROR_AWAY, "the temporary folder has less than %d MiB left",
                         LEAST_ROOM >> 20);
    return true;
}

/* Looks at the disks every few seconds only. */
static bool disks_are_fine(struct fetch *fetch)
{
    struct error error;
    int64_t now = clock_monotonic_ms();
    if (fetch->disks_checked_ms != 0 && now - fetch->disks_checked_ms < DISK_CHECK_MS)
        return true;
    if (!fetch_check_tmpdir(fetch->context->config->tmpdir, &error)) {
        outage_begin(&fetch->tmpdir_outage, &error);
        return false;
    }
    outage_end(&fetch->tmpdir_outage);
    if (!blob_store_probe(fetch->fetcher->store, &error)) {
        outage_begin(&fetch->store_outage, &error);
        return false;
    }
    outage_end(&fetch->store_outage);
    fetch->disks_checked_ms = now;
    return true;
}

/* What is in our processing list and in nobody's hands goes back to the queue. Only this thread
   takes: between two takes, what lies there and is not in a thread's hands is a broken take, or
   what Redis has brought back into our list behind a failover. Nobody else would touch it while we
   live.
 */
static bool return_stranded(struct fetch *fetch, struct error *error)
{
    struct job_ticket *held[POOL_MAX + 1];
    int64_t count = 0;
    int held_count = 0;
    bool done = pool_snapshot(fetch->fetcher->pool, held, &held_count, error) &&
                queue_return_stranded(fetch->context->queue, fetch->redis,
                                      (const struct job_ticket *const *)held, (size_t)held_count,
                                      &count, error);
    for (int i = 0; i < held_count; i++)
        job_ticket_free(held[i]);
    if (done && count > 0)
        LOG(LOG_WARNING, "queue.returned-stranded", log_int("count", count));
    return done;
}

static bool connect_redis(struct fetch *fetch, struct error *error)
{
    if (!redis_connect(fetch->redis, error))
        return false;
    int64_t now = clock_monotonic_ms();
    int64_t lease_ms = fetch->context->config->lease_seconds * 1000;
    if (!fetch->suspicious && now - fetch->compared_ms < lease_ms)
        return true;
    if (!return_stranded(fetch, error))
        return false;
    fetch->suspicious = false;
    fetch->compared_ms = now;
    return true;
}

/* One try to take a message for a thread that is ready. */
static bool take(struct fetch *fetch, struct error *error)
{
    struct job_ticket *ticket = NULL;
    bool paused = false;
    if (!connect_redis(fetch, error))
        return false;
    fetch->suspicious = true; /* until the answer is here */
    if (!queue_take(fetch->context->queue, fetch->redis, fetch->fetcher->take_wait_ms, &ticket,
                    &paused, error))
        return false;
    fetch->suspicious = false;
    outage_end(&fetch->redis_outage); /* not before: one that is full, or a replica, connects too */
    if (ticket != NULL && !FAULT("after_take", error)) {
        job_ticket_free(ticket);
        fetch->suspicious = true;
        return false;
    }
    if (ticket != NULL)
        pool_hand(fetch->fetcher->pool, ticket);
    else if (paused)
        clock_sleep_ms(READY_WAIT_MS);
    return true;
}

/* A ticket that no thread has picked up goes back: the worker stops, or every thread that was ready
   has lost its database meanwhile, and another worker may have its own. */
static void return_handed(struct fetch *fetch)
{
    struct error error;
    bool left = false;
    struct job_ticket *ticket = pool_withdraw(fetch->fetcher->pool);
    if (ticket == NULL)
        return;
    if (!redis_connect(fetch->redis, &error) ||
        !queue_give_back(fetch->context->queue, fetch->redis, ticket, &left, &error)) {
        log_error(LOG_WARNING, "queue.give-back-failed", &error);
        fetch->suspicious = true; /* the next connection, or a rescue, brings it back */
    }
    job_ticket_free(ticket);
}

static void run(struct fetch *fetch)
{
    struct error error;
    while (worker_phase(fetch->context) == WORKER_RUNS) {
        watch_seen(fetch->fetcher->watch);
        if (!FAULT("fetcher_round", &error))
            log_error(LOG_ERROR, "fault", &error);
        if (!atomic_load(&fetch->context->registered)) {
            clock_sleep_ms(REGISTER_WAIT_MS);
            continue;
        }
        if (!disks_are_fine(fetch)) {
            clock_sleep_ms(READY_WAIT_MS);
            continue;
        }
        if (!pool_wait_ready(fetch->fetcher->pool, READY_WAIT_MS)) {
            return_handed(fetch);
            (void)!connect_redis(fetch, &error); /* for its look at the list; take() says it */
            continue;
        }
        if (!take(fetch, &error)) {
            outage_begin(&fetch->redis_outage, &error);
            clock_sleep_ms(AWAY_WAIT_MS);
        }
    }
    return_handed(fetch);
}

void *fetch_thread(void *argument)
{
    const struct fetcher *fetcher = argument;
    struct fetch fetch = {
        .fetcher = fetcher,
        .context = fetcher->context,
        .redis = fetcher->redis,
        .redis_outage = {.server = "redis", .missing = &fetcher->context->redis_missing},
        .store_outage = {.server = "storage"},
        .tmpdir_outage = {.server = "tmpdir"},
    };
    run(&fetch);
    watch_end(fetcher->watch);
    return NULL;
}
