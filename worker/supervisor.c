#include "worker/supervisor.h"

#include "base/clock.h"
#include "base/text.h"
#include "job/claim.h"
#include "worker/outage.h"

enum { TICK_MS = 100, AWAY_WAIT_MS = 1000 };

struct supervisor {
    struct worker_context *context;
    struct redis *redis;
    struct pg *pg;
    int64_t lease_ms;
    int64_t next_beat_ms, next_promote_ms, next_rescue_ms; /* monotonic */
    struct outage redis_outage, postgres_outage;
};

static bool due(int64_t *next_ms, int64_t interval_ms)
{
    int64_t now = clock_monotonic_ms();
    if (now < *next_ms)
        return false;
    *next_ms = now + interval_ms;
    return true;
}

static bool beat(struct supervisor *supervisor, struct error *error)
{
    if (!queue_beat(supervisor->context->queue, supervisor->redis, error))
        return false;
    if (!atomic_exchange(&supervisor->context->registered, true))
        LOG(LOG_INFO, "worker.registered", log_text("worker", supervisor->context->name));
    return true;
}

static bool promote(struct supervisor *supervisor, struct error *error)
{
    int64_t count = 0;
    if (!queue_promote(supervisor->context->queue, supervisor->redis, &count, error))
        return false;
    if (count > 0)
        LOG(LOG_INFO, "queue.promoted", log_int("count", count));
    return true;
}

/* Postgres first, then the messages: a message that arrives before its row is waiting again would
   be taken for a duplicate. *go_on is false when Postgres is away: the next round tries again, and
   waiting for it once for each silent worker would silence ourselves. */
static bool rescue_worker(struct supervisor *supervisor, const char *worker, bool *go_on,
                          struct error *error)
{
    int64_t jobs = 0;
    int64_t busy = 0;
    int64_t messages = 0;
    *go_on = pg_connect(supervisor->pg, error) &&
             claim_rescue(supervisor->pg, worker, &jobs, &busy, error);
    if (!*go_on) {
        outage_begin(&supervisor->postgres_outage, error);
        return true; /* Redis is fine */
    }
    outage_end(&supervisor->postgres_outage);
    if (busy > 0) {
        LOG(LOG_WARNING, "worker.rescue-waits", log_text("worker", worker), log_int("busy", busy));
        return true;
    }
    if (!queue_rescue(supervisor->context->queue, supervisor->redis, worker, supervisor->lease_ms,
                      &messages, error))
        return false;
    if (messages >= 0)
        LOG(LOG_WARNING, "worker.rescued", log_text("worker", worker), log_int("jobs", jobs),
            log_int("messages", messages));
    return true;
}

/* Only who has heard from Redis without a break for a lease may judge who is silent. */
static bool rescue(struct supervisor *supervisor, struct error *error)
{
    json_t *workers = NULL;
    if (redis_connected_ms(supervisor->redis) < supervisor->lease_ms)
        return true;
    if (!queue_silent_workers(supervisor->context->queue, supervisor->redis, supervisor->lease_ms,
                              &workers, error))
        return false;
    bool done = true;
    bool go_on = true;
    for (size_t i = 0; done && go_on && i < json_array_size(workers); i++) {
        const char *worker = json_string_value(json_array_get(workers, i));
        /* we are alive, even if Redis has forgotten us */
        if (!text_equal(worker, supervisor->context->name))
            done = rescue_worker(supervisor, worker, &go_on, error);
    }
    json_decref(workers);
    return done;
}

static bool tick(struct supervisor *supervisor, struct error *error)
{
    if (!redis_connect(supervisor->redis, error))
        return false;
    if (due(&supervisor->next_beat_ms, supervisor->lease_ms / 3) && !beat(supervisor, error))
        return false;
    if (due(&supervisor->next_promote_ms, 500) && !promote(supervisor, error))
        return false;
    int64_t rescue_interval = supervisor->lease_ms / 2 < 5000 ? supervisor->lease_ms / 2 : 5000;
    return !due(&supervisor->next_rescue_ms, rescue_interval) || rescue(supervisor, error);
}

static void run(struct supervisor *supervisor)
{
    struct error error;
    while (worker_phase(supervisor->context) != WORKER_ENDS) {
        bool done = tick(supervisor, &error);
        if (done) {
            outage_end(&supervisor->redis_outage);
        } else {
            outage_begin(&supervisor->redis_outage, &error);
            supervisor->next_beat_ms = 0;
        }
        clock_sleep_ms(done ? TICK_MS : AWAY_WAIT_MS);
    }
    if (!redis_connect(supervisor->redis, &error) ||
        !queue_unregister(supervisor->context->queue, supervisor->redis, &error))
        log_error(LOG_WARNING, "worker.not-unregistered", &error);
}

void *supervisor_thread(void *argument)
{
    struct worker_context *context = argument;
    struct supervisor supervisor = {
        .context = context,
        .redis = redis_new(context->config->redis_url),
        .pg = pg_new(context->config->database_url, "exportd supervisor"),
        .lease_ms = context->config->lease_seconds * 1000,
        .redis_outage = {.server = "redis", .missing = &context->redis_missing},
        .postgres_outage = {.server = "postgres", .missing = &context->postgres_missing},
    };
    if (supervisor.redis != NULL && supervisor.pg != NULL)
        run(&supervisor);
    else
        log_event(LOG_ERROR, "worker.no-memory", NULL);
    redis_free(supervisor.redis);
    pg_free(supervisor.pg);
    return NULL;
}
