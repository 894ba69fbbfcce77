/* SPDX-License-Identifier: Apache-2.0 */
#include "job/cancel.h"

#include "base/log.h"
#include "base/text.h"
#include "model/exported_data.h"
#include "model/file.h"

/* `job`: the unfinished row of sentry_exporteddata, or exportd's own when that one is gone. The
   upsert takes the lock of the exportd.export row and judges it as it is then. A row with another
   date_added is about another job, of which nothing is kept but the attempt. */
static const char cancel_statement[] =
    "WITH job AS (SELECT id, date_added, organization_id, user_id, query_type, query_info"
    " FROM sentry_exporteddata WHERE id = $1::bigint AND date_finished IS NULL"
    " UNION ALL SELECT data_export_id, date_added, organization_id, user_id, query_type, query_info"
    " FROM exportd.export WHERE data_export_id = $1::bigint"
    " AND NOT EXISTS (SELECT FROM sentry_exporteddata WHERE id = $1::bigint)),"
    " cancelled AS (INSERT INTO exportd.export AS x (data_export_id, date_added, organization_id,"
    " user_id, query_type, query_info, state, attempt, failures, rows, bytes, pages, finished_at,"
    " message)"
    " SELECT id, date_added, organization_id, user_id, query_type, query_info, 'cancelled', 0, 0,"
    " 0, 0, 0, clock_timestamp(), $2::text FROM job"
    " ON CONFLICT (data_export_id) DO UPDATE SET date_added = EXCLUDED.date_added,"
    " organization_id = EXCLUDED.organization_id, user_id = EXCLUDED.user_id,"
    " query_type = EXCLUDED.query_type, query_info = EXCLUDED.query_info,"
    " \"limit\" = CASE WHEN x.date_added = EXCLUDED.date_added THEN x.\"limit\" END,"
    " environment_id = CASE WHEN x.date_added = EXCLUDED.date_added THEN x.environment_id END,"
    " state = 'cancelled', worker = NULL, next_try_at = NULL, rows = 0, bytes = 0, pages = 0,"
    " finished_at = EXCLUDED.finished_at, message = EXCLUDED.message, cause = NULL"
    " WHERE x.state IN ('waiting', 'delayed', 'running') OR x.date_added <> EXCLUDED.date_added"
    " RETURNING data_export_id),"
    " row AS (SELECT e.file_id FROM sentry_exporteddata e"
    " JOIN cancelled c ON c.data_export_id = e.id FOR UPDATE OF e)"
    " SELECT (SELECT file_id FROM row), EXISTS (SELECT FROM cancelled),"
    " EXISTS (SELECT FROM exportd.export WHERE data_export_id = $1::bigint)"
    " OR EXISTS (SELECT FROM sentry_exporteddata WHERE id = $1::bigint)";

/* A statement of its own: it sees the attempt of a claim that the first one has waited for. */
static bool end_attempt(struct pg *pg, int64_t data_export_id, const char *message,
                        struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, data_export_id);
    pg_bind_text(&params, message);
    return pg_execute(pg,
                      "UPDATE exportd.attempt SET ended_at = clock_timestamp(),"
                      " outcome = 'cancelled', message = $2::text"
                      " WHERE data_export_id = $1::bigint AND ended_at IS NULL",
                      &params, NULL, error);
}

/* Where the row has to stay, exportd.export says that the export is cancelled. */
static bool delete_row(struct pg *pg, int64_t data_export_id, struct error *error)
{
    struct error refusal;
    if (!exported_data_try_delete(pg, data_export_id, &refusal, error))
        return false;
    if (refusal.code != ERROR_NONE)
        LOG(LOG_WARNING, "dataexport.row-kept", log_int("data_export_id", data_export_id),
            log_text("error", refusal.message));
    return true;
}

bool cancel_export(struct pg *pg, int64_t data_export_id, const char *message,
                   enum cancel_result *result, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *reply = NULL;
    pg_bind_int(&params, data_export_id);
    pg_bind_text(&params, message);
    if (!pg_query(pg, cancel_statement, &params, &reply, error))
        return false;
    int64_t file_id = pg_int(reply, 0, 0); /* of a job that was finished in a past life */
    bool cancelled = text_equal(pg_text(reply, 0, 1), "t");
    bool exists = text_equal(pg_text(reply, 0, 2), "t");
    *result = cancelled ? CANCEL_DONE : exists ? CANCEL_FINISHED : CANCEL_NOT_FOUND;
    pg_result_free(reply);
    return (!cancelled || (end_attempt(pg, data_export_id, message, error) &&
                           delete_row(pg, data_export_id, error))) &&
           (file_id == 0 || file_delete(pg, file_id, error));
}
