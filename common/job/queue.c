/* SPDX-License-Identifier: Apache-2.0 */
#include "job/queue.h"

#include "base/text.h"

/* Adds a row of state, priority and count to the sums. */
static bool add_count(const struct pg_result *result, int row, struct queue_stats *stats,
                      struct error *error)
{
    const char *state = pg_text(result, row, 0);
    int64_t count = pg_int(result, row, 2);
    if (text_equal(state, "running")) {
        stats->running += count;
    } else if (text_equal(state, "delayed")) {
        stats->delayed += count;
    } else {
        int64_t age = pg_int(result, row, 3);
        stats->waiting += count;
        stats->oldest_usec = age > stats->oldest_usec ? age : stats->oldest_usec;
        return json_put_int(stats->by_priority, pg_text(result, row, 1), count, error);
    }
    return true;
}

/* One statement for all states: a job that changes its state meanwhile is counted once. */
static bool count_jobs(struct pg *pg, const char *queue, struct queue_stats *stats,
                       struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, queue);
    if (!pg_query(pg,
                  "SELECT state::text, priority::text, count(*), (extract(epoch FROM"
                  " clock_timestamp() - min(date_added)) * 1000000)::bigint FROM exportd.export"
                  " WHERE state IN ('waiting', 'running', 'delayed') AND queue = $1::text"
                  " GROUP BY state, priority ORDER BY priority",
                  &params, &result, error))
        return false;
    bool done = true;
    for (int row = 0; done && row < pg_rows(result); row++)
        done = add_count(result, row, stats, error);
    pg_result_free(result);
    return done;
}

static bool count_others(struct pg *pg, const char *queue, int64_t lease_seconds,
                         struct queue_stats *stats, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, queue);
    pg_bind_int(&params, lease_seconds);
    if (!pg_query(pg,
                  "SELECT"
                  " (SELECT count(*) FROM exportd.dead"
                  " WHERE queue = $1::text AND retry_until IS NULL),"
                  " (SELECT count(*) FROM exportd.dead"
                  " WHERE queue = $1::text AND retry_until IS NOT NULL),"
                  " (SELECT count(*) FROM exportd.worker WHERE queue = $1::text"
                  " AND beat_at > clock_timestamp() - $2::bigint * interval '1 second'),"
                  " EXISTS (SELECT FROM exportd.queue WHERE name = $1::text AND paused)",
                  &params, &result, error))
        return false;
    stats->dead = pg_int(result, 0, 0);
    stats->pending = pg_int(result, 0, 1);
    stats->workers = pg_int(result, 0, 2);
    stats->paused = text_equal(pg_text(result, 0, 3), "t");
    pg_result_free(result);
    return true;
}

bool queue_stats(struct pg *pg, const char *queue, int64_t lease_seconds, struct queue_stats *stats,
                 struct error *error)
{
    *stats = (struct queue_stats){.by_priority = json_object()};
    if ((stats->by_priority != NULL || error_no_memory(error)) &&
        count_jobs(pg, queue, stats, error) && count_others(pg, queue, lease_seconds, stats, error))
        return true;
    queue_stats_free(stats);
    return false;
}

bool queue_find_oldest(struct pg *pg, const char *queue, int64_t *seconds, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, queue);
    return pg_query_int(pg,
                        "SELECT greatest(0, floor(extract(epoch FROM clock_timestamp() -"
                        " min(date_added))))::bigint FROM exportd.export"
                        " WHERE state = 'waiting' AND queue = $1::text",
                        &params, seconds, error);
}

void queue_stats_free(struct queue_stats *stats)
{
    json_decref(stats->by_priority);
    stats->by_priority = NULL;
}

bool queue_pause(struct pg *pg, const char *queue, bool paused, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, queue);
    pg_bind_bool(&params, paused);
    return pg_execute(pg,
                      "INSERT INTO exportd.queue (name, paused) VALUES ($1::text, $2::boolean)"
                      " ON CONFLICT (name) DO UPDATE SET paused = EXCLUDED.paused",
                      &params, NULL, error);
}
