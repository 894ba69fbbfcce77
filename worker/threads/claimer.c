/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/threads/claimer.h"

#include "base/clock.h"
#include "base/fault.h"
#include "worker/outage.h"
#include "worker/threads/heartbeat.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    REGISTER_WAIT_MS = 20, /* between two looks for the first beat */
    LOOK_MS = 500,         /* between two looks for jobs, or for room on the disks */
    AWAY_WAIT_MS = 1000,
    DISK_CHECK_MS = 5000,
    GIVE_MS = 1000, /* for a thread that is about to be ready */
    LEAST_ROOM = 16 << 20
};

/* The claimer's state between its looks at the queue. */
struct looks {
    const struct claimer *claimer;
    struct worker_context *context;
    struct pool *pool;
    struct claimant claimant;
    int64_t upkeep_ms;        /* the last look with upkeep (monotonic) */
    bool idle;                /* the last look found nothing */
    int64_t disks_checked_ms; /* when they were fine last (monotonic); 0: never */
    struct outage postgres_outage, store_outage, tmpdir_outage;
};

/* ---- disks ---- */

bool claimer_check_tmpdir(const char *folder, struct error *error)
{
    struct statvfs room;
    if (access(folder, W_OK | X_OK) != 0 || statvfs(folder, &room) != 0)
        return error_set_errno(error, errno, "the temporary folder cannot be written");
    if ((uint64_t)room.f_bavail * room.f_frsize < LEAST_ROOM)
        return error_set(error, ERROR_AWAY, "the temporary folder has less than %d MiB left",
                         LEAST_ROOM >> 20);
    return true;
}

bool claimer_check_store(struct blob_store *store, const struct blob_warnings *warnings,
                         struct error *error)
{
    static const struct blob_paths unknown = {.count = 0};
    return blob_store_make(store, error) && blob_store_check(store, &unknown, warnings, error);
}

/* Makes the whole check until it has passed once, because the start accepts a full disk. */
static bool store_is_fine(const struct looks *looks, struct error *error)
{
    struct blob_store *store = looks->claimer->store;
    return looks->disks_checked_ms == 0 ? claimer_check_store(store, NULL, error)
                                        : blob_store_probe(store, error);
}

/* Checks the disks, but only every few seconds. */
static bool disks_are_fine(struct looks *looks)
{
    struct error error;
    int64_t now = clock_monotonic_ms();
    if (looks->disks_checked_ms != 0 && now - looks->disks_checked_ms < DISK_CHECK_MS)
        return true;
    if (!claimer_check_tmpdir(looks->context->config->tmpdir, &error)) {
        outage_begin(&looks->tmpdir_outage, &error);
        return false;
    }
    outage_end(&looks->tmpdir_outage);
    if (!store_is_fine(looks, &error)) {
        outage_begin(&looks->store_outage, &error);
        return false;
    }
    outage_end(&looks->store_outage);
    looks->disks_checked_ms = now;
    return true;
}

/* ---- claiming ---- */

/* A job that no thread takes goes back to the queue at once. If that fails, the heartbeat gives it
   back. */
static void give_claims(struct looks *looks, const struct claims *claims)
{
    struct error error;
    bool given = true;
    for (int i = 0; i < claims->count; i++)
        given = given && pool_give(looks->pool, &claims->items[i], GIVE_MS);
    if (!given &&
        !heartbeat_return_unheld(looks->claimer->pg, looks->pool, looks->context->name, 0, &error))
        log_error(LOG_WARNING, "queue.not-returned", &error);
}

/* The next question to the queue: for one job only if it is idle, with upkeep twice a second. */
static struct claim_order next_order(struct looks *looks)
{
    struct claim_order order = pool_order(looks->pool);
    int64_t now = clock_monotonic_ms();
    if (looks->idle && order.jobs > 1) {
        order.jobs = 1;
        order.big = order.big > 0 ? 1 : 0;
    }
    order.upkeep = now - looks->upkeep_ms >= LOOK_MS;
    if (order.upkeep && order.jobs > 0)
        looks->upkeep_ms = now;
    return order;
}

/* *more: it got all the jobs that it asked for, so there may be others. */
static bool claim_some(struct looks *looks, bool *more, struct error *error)
{
    struct claims claims = {.count = 0};
    struct claim_order order = next_order(looks);
    *more = false;
    if (order.jobs == 0)
        return true;
    looks->claimant.max_running = atomic_load(&looks->context->max_running);
    bool done = pg_connect(looks->claimer->pg, error) &&
                claim_jobs(looks->claimer->pg, &looks->claimant, &order, &claims, error);
    if (claims.count > 0 && !FAULT("claimed", error))
        return false;
    give_claims(looks, &claims); /* also those that were claimed before a failure */
    if (claims.promoted > 0)
        LOG(LOG_INFO, "queue.promoted", log_int("count", claims.promoted));
    looks->idle = claims.count == 0;
    *more = claims.count == order.jobs;
    return done;
}

static void claim_all(struct looks *looks)
{
    struct error error;
    bool more = true;
    while (more && worker_phase(looks->context) == WORKER_RUNS) {
        watch_seen(looks->claimer->watch);
        if (!claim_some(looks, &more, &error)) {
            outage_begin(&looks->postgres_outage, &error);
            clock_sleep_ms(AWAY_WAIT_MS);
            return;
        }
        outage_end(&looks->postgres_outage);
    }
}

/* Without a beat in time, others may take this worker for dead. It then claims nothing. */
static bool has_lease(struct worker_context *context)
{
    int64_t beaten_ms = atomic_load(&context->beaten_ms);
    return beaten_ms != 0 &&
           clock_monotonic_ms() - beaten_ms < context->config->lease_seconds * 1000;
}

static void look_for_jobs(struct looks *looks)
{
    struct error error;
    while (worker_phase(looks->context) == WORKER_RUNS) {
        watch_seen(looks->claimer->watch);
        if (!FAULT("claimer_round", &error))
            log_error(LOG_ERROR, "fault", &error);
        if (!has_lease(looks->context)) {
            clock_sleep_ms(REGISTER_WAIT_MS);
        } else if (!disks_are_fine(looks)) {
            clock_sleep_ms(LOOK_MS);
        } else {
            claim_all(looks);
            (void)pool_wait(looks->pool, LOOK_MS);
        }
    }
}

void *claimer_thread(void *argument)
{
    const struct claimer *claimer = argument;
    struct worker_context *context = claimer->context;
    struct looks looks = {
        .claimer = claimer,
        .context = context,
        .pool = claimer->pool,
        .claimant = {.worker = context->name, .queue = context->config->queue},
        .postgres_outage = {.server = "postgres", .missing = &context->postgres_missing},
        .store_outage = {.server = "storage", .missing = &context->storage_missing},
        .tmpdir_outage = {.server = "tmpdir", .missing = &context->tmpdir_missing},
    };
    look_for_jobs(&looks);
    watch_end(claimer->watch);
    return NULL;
}
