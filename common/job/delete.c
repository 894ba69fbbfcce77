/* SPDX-License-Identifier: Apache-2.0 */
#include "job/delete.h"

#include "job/history.h"

static bool lock_export(struct pg *pg, int64_t data_export_id, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, data_export_id);
    return pg_execute(pg, "SELECT FROM exportd.export WHERE data_export_id = $1::bigint FOR UPDATE",
                      &params, NULL, error);
}

/* An exportd.export row with another date_added belongs to another job and is left alone. */
static bool mark_gone(struct pg *pg, const struct deletion *deletion, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, deletion->data_export_id);
    pg_bind_text(&params, deletion->message);
    return pg_execute(pg,
                      "WITH gone AS (UPDATE exportd.export x SET state = 'gone', worker = NULL,"
                      " next_try_at = NULL, message = $2::text,"
                      " finished_at = coalesce(x.finished_at, clock_timestamp())"
                      " FROM sentry_exporteddata e WHERE x.data_export_id = $1::bigint"
                      " AND e.id = x.data_export_id AND e.date_added = x.date_added)"
                      " DELETE FROM exportd.outbox"
                      " WHERE data_export_id = $1::bigint AND state = 'waiting'",
                      &params, NULL, error);
}

/* There is nothing to delete: the row is missing, or unfinished. That it may be although the export
   is over: another table refers to it. */
static bool explain(struct pg *pg, int64_t id, bool has_row, struct error *error)
{
    struct history_entry entry;
    if (!history_find(pg, id, &entry, error))
        return false;
    if (entry.known && job_state_is_final(entry.state))
        return error_set(error, ERROR_CONFLICT, "export %" PRId64 " is %s: it has no file", id,
                         job_state_name(entry.state));
    return entry.known || has_row
               ? error_set(error, ERROR_CONFLICT,
                           "export %" PRId64 " is not finished: cancel it first", id)
               : error_set(error, ERROR_NOT_FOUND, "there is no export %" PRId64, id);
}

bool delete_export(struct pg *pg, const struct deletion *deletion, struct exported_data *row,
                   struct error *error)
{
    int64_t id = deletion->data_export_id;
    struct exported_data_locked locked;
    if (!lock_export(pg, id, error))
        return false;
    bool found = exported_data_lock(pg, id, deletion->arena, &locked, error);
    if (!found && error->code != ERROR_NOT_FOUND)
        return false;
    if (!found || locked.row.date_finished == USEC_NONE)
        return explain(pg, id, found, error);
    *row = locked.row;
    return mark_gone(pg, deletion, error) && exported_data_delete(pg, id, error);
}
