/* SPDX-License-Identifier: Apache-2.0 */
/* One export in the queue: how many are before it, and what it waits for. */
#include "job/queue.h"

#include "base/text.h"

/* Of the live workers of the queue: whether one has a free thread, and each of those that do may
   begin no further big export (pool.h of the worker). NULL without a worker. */
#define KEPT_FOR_SMALL                                                                             \
    "(SELECT bool_or(w.threads > busy.jobs) AND NOT bool_or(w.threads > busy.jobs"                 \
    " AND w.threads - (w.threads > 1)::integer > busy.big)"                                        \
    " FROM exportd.worker w CROSS JOIN LATERAL (SELECT count(*) AS jobs,"                          \
    " count(*) FILTER (WHERE r.big) AS big FROM exportd.export r"                                  \
    " WHERE r.state = 'running' AND r.worker = w.instance) busy WHERE w.queue = x.queue"           \
    " AND w.beat_at > clock_timestamp() - $3::bigint * interval '1 second')"

/* The order is that of a claim (sql/claim.sql), along the same index. */
static const char place_statement[] =
    "SELECT 1 + (SELECT count(*) FROM (SELECT FROM exportd.export a"
    " WHERE a.state = 'waiting' AND a.queue = x.queue AND a.organization_id = x.organization_id"
    " AND a.big = x.big AND (a.priority, a.turn, a.data_export_id)"
    " < (x.priority, x.turn, x.data_export_id) LIMIT $4::bigint - 1) AS before),"
    " (SELECT count(*) FROM exportd.export r"
    " WHERE r.state = 'running' AND r.organization_id = x.organization_id),"
    " coalesce(o.max_running, $2::bigint),"
    " EXISTS (SELECT FROM exportd.queue q WHERE q.name = x.queue AND q.paused),"
    " workers.kept IS NOT NULL, coalesce(x.big AND workers.kept, false)"
    " FROM exportd.export x LEFT JOIN exportd.organization o USING (organization_id)"
    " CROSS JOIN LATERAL " KEPT_FOR_SMALL " AS workers (kept)"
    " WHERE x.data_export_id = $1::bigint AND x.state = 'waiting'";

bool queue_find_place(struct pg *pg, int64_t data_export_id, const struct queue_limits *limits,
                      struct queue_place *place, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, data_export_id);
    pg_bind_int(&params, limits->max_running);
    pg_bind_int(&params, limits->lease_seconds);
    pg_bind_int(&params, QUEUE_PLACE_MAX);
    if (!pg_query(pg, place_statement, &params, &result, error))
        return false;
    *place = (struct queue_place){.place = 0};
    if (pg_rows(result) == 1)
        *place = (struct queue_place){
            .place = pg_int(result, 0, 0),
            .running = pg_int(result, 0, 1),
            .max_running = pg_int(result, 0, 2),
            .paused = text_equal(pg_text(result, 0, 3), "t"),
            .served = text_equal(pg_text(result, 0, 4), "t"),
            .kept = text_equal(pg_text(result, 0, 5), "t"),
        };
    pg_result_free(result);
    return true;
}

bool queue_promote(struct pg *pg, int64_t data_export_id, bool *moved, struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t affected = 0;
    pg_bind_int(&params, data_export_id);
    if (!pg_execute(pg,
                    "UPDATE exportd.export SET state = 'waiting', next_try_at = NULL"
                    " WHERE data_export_id = $1::bigint AND state = 'delayed'",
                    &params, &affected, error))
        return false;
    *moved = affected == 1;
    return true;
}
