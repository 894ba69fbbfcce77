/* SPDX-License-Identifier: Apache-2.0 */
#include "job/cancel.h"

#include "base/embedded.h"
#include "base/log.h"
#include "base/text.h"
#include "model/exported_data.h"
#include "model/file.h"

/* A statement of its own, so that it sees the attempt of a claim for which cancel.sql waited. */
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

/* Also if the row has to stay, the export is cancelled: exportd.export says so. */
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
    if (!pg_query(pg, embedded_text(embedded_job_statements, "cancel.sql"), &params, &reply, error))
        return false;
    int64_t file_id = pg_int(reply, 0, 0);
    bool cancelled = text_equal(pg_text(reply, 0, 1), "t");
    bool exists = text_equal(pg_text(reply, 0, 2), "t");
    *result = cancelled ? CANCEL_DONE : exists ? CANCEL_FINISHED : CANCEL_NOT_FOUND;
    pg_result_free(reply);
    return (!cancelled || (end_attempt(pg, data_export_id, message, error) &&
                           delete_row(pg, data_export_id, error))) &&
           (file_id == 0 || file_delete(pg, file_id, error));
}
