/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of a worker, each a function of the listener's table. They read what other threads have
   stored in atomics.
   Tested by tests/system/test_metrics.py. */
#include "worker/probes.h"

#include "base/clock.h"
#include "base/metric.h"

enum { UNAVAILABLE = 503 };

/* What is counted is printed as it is; what is a state is set first. */
static bool show_metrics(void *context, struct listen_answer *answer, struct error *error)
{
    const struct probes *probes = context;
    metric_set(METRIC_JOBS_RUNNING, pool_busy(probes->pool), NULL);
    return listen_metrics_page(answer, error);
}

/* The main thread looks for stuck threads ten times a second. It counts as stuck itself after the
   same time. */
static bool show_health(void *context, struct listen_answer *answer, struct error *error)
{
    const struct worker_context *worker = ((const struct probes *)context)->context;
    int64_t well_ms = atomic_load(&worker->well_ms);
    bool well =
        well_ms != 0 && clock_monotonic_ms() - well_ms < worker->config->stuck_seconds * 1000;
    answer->status = well ? answer->status : UNAVAILABLE;
    return buffer_append_text(&answer->body, well ? "ok\n" : "a thread is stuck\n", error);
}

static bool append_if_away(struct listen_answer *answer, const char *server,
                           const atomic_int *missing, struct error *error)
{
    if (atomic_load(missing) == 0)
        return true;
    const char *before = answer->status == UNAVAILABLE ? " " : "away: ";
    answer->status = UNAVAILABLE;
    return buffer_append_text(&answer->body, before, error) &&
           buffer_append_text(&answer->body, server, error);
}

static bool show_readiness(void *context, struct listen_answer *answer, struct error *error)
{
    const struct worker_context *worker = ((const struct probes *)context)->context;
    if (!append_if_away(answer, "postgres", &worker->postgres_missing, error) ||
        !append_if_away(answer, "redis", &worker->redis_missing, error) ||
        !append_if_away(answer, "storage", &worker->storage_missing, error) ||
        !append_if_away(answer, "tmpdir", &worker->tmpdir_missing, error))
        return false;
    if (answer->status == UNAVAILABLE)
        return buffer_append_byte(&answer->body, '\n', error);
    bool registered = atomic_load(&worker->beaten_ms) != 0;
    answer->status = registered ? answer->status : UNAVAILABLE;
    return buffer_append_text(&answer->body, registered ? "ok\n" : "starting\n", error);
}

static const struct listen_route routes[] = {{"/metrics", show_metrics},
                                             {"/healthz", show_health},
                                             {"/readyz", show_readiness},
                                             {.path = NULL}};

bool probes_open(struct probes *probes, struct worker_context *context, struct pool *pool,
                 struct error *error)
{
    const char *address = context->config->metrics_listen;
    const struct listen_options options = {.address = address, .routes = routes, .context = probes};
    *probes = (struct probes){.context = context, .pool = pool};
    if (address[0] == '\0')
        return true;
    atomic_store(&context->well_ms, clock_monotonic_ms());
    if (!listener_open(&options, &probes->listener, error))
        return error_prefix(error, "EXPORTD_METRICS_LISTEN");
    LOG(LOG_INFO, "metrics.listening", log_text("address", address));
    return true;
}

void probes_close(struct probes *probes)
{
    listener_close(probes->listener);
    probes->listener = NULL;
}
