/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists the workers of a queue, and its delayed exports, as JSON.
 *
 * Tested by tests/system/test_queue_lists.py.
 */
#include "job/queue.h"

#include "base/embedded.h"
#include "base/text.h"
#include "client/pg_json.h"

enum { EXPORTS_MAX_BYTES = 64 * 1024 * 1024 };

/* ---- workers ---- */

static bool put_exports(json_t *object, const char *ids, struct error *error)
{
    json_t *exports = NULL;
    bool done = json_parse(ids, strlen(ids), EXPORTS_MAX_BYTES, &exports, error) &&
                json_put(object, "exports", json_incref(exports), error);
    json_decref(exports);
    return done;
}

static bool put_worker(json_t *object, const struct pg_result *result, int row, struct error *error)
{
    bool silent = text_equal(pg_text(result, row, 6), "t");
    return json_put_text(object, "instance", pg_text(result, row, 0), error) &&
           json_put_text(object, "name", pg_text(result, row, 1), error) &&
           json_put_text(object, "version", pg_text(result, row, 2), error) &&
           json_put_int(object, "threads", pg_int(result, row, 3), error) &&
           json_put_time(object, "started_at", pg_time(result, row, 4), error) &&
           json_put_int(object, "beat_age_seconds", pg_int(result, row, 5), error) &&
           json_put(object, "silent", json_boolean(silent), error) &&
           put_exports(object, pg_text(result, row, 7), error);
}

bool queue_list_workers(struct pg *pg, const char *queue, int64_t lease_seconds, json_t **workers,
                        struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, queue);
    pg_bind_int(&params, lease_seconds);
    if (!pg_query(pg, embedded_text(embedded_job_statements, "workers.sql"), &params, &result,
                  error))
        return false;
    bool done = pg_json_list(result, put_worker, workers, error);
    pg_result_free(result);
    return done;
}

/* ---- delayed exports ---- */

static bool put_delayed(json_t *object, const struct pg_result *result, int row,
                        struct error *error)
{
    return json_put_int(object, "id", pg_int(result, row, 0), error) &&
           json_put_time(object, "next_try_at", pg_time(result, row, 1), error) &&
           json_put_int(object, "failures", pg_int(result, row, 2), error) &&
           json_put_text(object, "message", pg_text(result, row, 3), error) &&
           json_put_text(object, "organization", pg_text(result, row, 4), error);
}

bool queue_list_delayed(struct pg *pg, struct delayed_page *page, json_t **exports,
                        struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_text(&params, page->queue);
    pg_bind_time(&params, page->after_at);
    pg_bind_int(&params, page->after_id);
    pg_bind_int(&params, page->max);
    if (!pg_query(
            pg,
            "SELECT e.data_export_id, " PG_USEC(
                "e.next_try_at") ", e.failures, e.message, o.slug FROM exportd.export e"
                                 " LEFT JOIN sentry_organization o ON o.id = e.organization_id"
                                 " WHERE e.state = 'delayed' AND e.queue = $1::text"
                                 " AND ($2::timestamptz IS NULL OR (e.next_try_at,"
                                 " e.data_export_id) > ($2::timestamptz, $3::bigint))"
                                 " ORDER BY e.next_try_at, e.data_export_id LIMIT $4::bigint",
            &params, &result, error))
        return false;
    bool done = pg_json_list(result, put_delayed, exports, error);
    int count = pg_rows(result);
    if (count > 0) {
        page->after_at = pg_time(result, count - 1, 1);
        page->after_id = pg_int(result, count - 1, 0);
    }
    pg_result_free(result);
    return done;
}
