/* SPDX-License-Identifier: Apache-2.0 */
/* Every five seconds the meter counts the queue and sets the gauges.
   Tested by tests/system/test_metrics.py. */
#include "worker/threads/meter.h"

#include "base/clock.h"
#include "base/metric.h"
#include "job/queue.h"
#include "worker/outage.h"

enum {
    TICK_MS = 100,
    READ_MS = 5000,     /* between two readings */
    PATIENCE_MS = 5000, /* with a reading */
    SHARE = 20,         /* the pause is at least so many times as long as the reading */
};

static bool read_queue(const struct meter *meter, struct error *error)
{
    const struct config *config = meter->context->config;
    struct queue_stats stats;
    if (!pg_connect(meter->pg, error) ||
        !queue_stats(meter->pg, config->queue, config->lease_seconds, &stats, error))
        return false;
    metric_set(METRIC_JOBS_QUEUED, stats.waiting, "waiting");
    metric_set(METRIC_JOBS_QUEUED, stats.running, "running");
    metric_set(METRIC_JOBS_QUEUED, stats.delayed, "delayed");
    metric_set(METRIC_QUEUE_OLDEST, stats.oldest_usec, NULL);
    metric_set(METRIC_WORKERS, stats.workers, NULL);
    queue_stats_free(&stats);
    return true;
}

static void forget_figures(void)
{
    metric_unset(METRIC_JOBS_QUEUED);
    metric_unset(METRIC_QUEUE_OLDEST);
    metric_unset(METRIC_WORKERS);
}

/* Returns the pause until the next reading. A server that takes too long to count is not away, but
   is asked less often. */
static int64_t measure(const struct meter *meter, struct outage *outage)
{
    struct error error;
    int64_t began_ms = clock_monotonic_ms();
    bool done = read_queue(meter, &error);
    int64_t pause_ms = (clock_monotonic_ms() - began_ms) * SHARE;
    if (!done)
        forget_figures();
    if (!done && error.code != ERROR_TIMEOUT) {
        outage_begin(outage, &error);
        return READ_MS;
    }
    outage_end(outage);
    if (!done)
        log_error(LOG_WARNING, "metrics.queue-not-read", &error);
    return pause_ms > READ_MS ? pause_ms : READ_MS;
}

void *meter_thread(void *argument)
{
    const struct meter *meter = argument;
    struct worker_context *context = meter->context;
    struct outage outage = {.server = "postgres", .missing = &context->postgres_missing};
    int64_t next_ms = 0;
    pg_set_patience(meter->pg, PATIENCE_MS);
    while (worker_phase(context) != WORKER_ENDS) {
        watch_seen(meter->watch);
        if (clock_monotonic_ms() >= next_ms) {
            int64_t pause_ms = measure(meter, &outage);
            next_ms = clock_monotonic_ms() + pause_ms;
        }
        clock_sleep_ms(TICK_MS);
    }
    watch_end(meter->watch);
    return NULL;
}
