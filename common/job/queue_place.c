/* SPDX-License-Identifier: Apache-2.0 */
/* The place of an export in the queue: how many jobs are before it, and what it waits for. */
#include "job/queue.h"

#include "base/embedded.h"
#include "base/text.h"

bool queue_find_place(struct pg *pg, int64_t data_export_id, const struct queue_limits *limits,
                      struct queue_place *place, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, data_export_id);
    pg_bind_int(&params, limits->max_running);
    pg_bind_int(&params, limits->lease_seconds);
    pg_bind_int(&params, QUEUE_PLACE_MAX);
    if (!pg_query(pg, embedded_text(embedded_job_statements, "place.sql"), &params, &result, error))
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
