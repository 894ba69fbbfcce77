/* SPDX-License-Identifier: Apache-2.0 */
#include "job/history.h"

#include "base/text.h"

bool history_find(struct pg *pg, int64_t data_export_id, struct history_entry *entry,
                  struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, data_export_id);
    if (!pg_query(pg,
                  "SELECT x.state, x.\"limit\", x.environment_id, x.priority"
                  " FROM exportd.export x LEFT JOIN sentry_exporteddata e"
                  " ON e.id = x.data_export_id WHERE x.data_export_id = $1::bigint"
                  " AND (e.id IS NULL OR e.date_added = x.date_added)",
                  &params, &result, error))
        return false;
    bool done = true;
    *entry = (struct history_entry){.known = pg_rows(result) == 1};
    if (entry->known) {
        entry->limit = pg_int(result, 0, 1);
        entry->environment_id = pg_int(result, 0, 2);
        entry->priority = pg_int(result, 0, 3);
        done = job_state_parse(pg_text(result, 0, 0), &entry->state, error);
    }
    pg_result_free(result);
    return done;
}

static bool copy_subject(const struct pg_result *result, struct arena *arena,
                         struct history_subject *subject, struct error *error)
{
    const char *query_info = pg_text(result, 0, 3);
    subject->organization_id = pg_int(result, 0, 0);
    subject->user_id = pg_int(result, 0, 1);
    subject->query_type = pg_int(result, 0, 2);
    subject->query_info = arena_copy(arena, query_info, strlen(query_info), error);
    return subject->query_info != NULL;
}

bool history_find_subject(struct pg *pg, int64_t data_export_id, struct arena *arena,
                          struct history_subject *subject, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, data_export_id);
    if (!pg_query(pg,
                  "SELECT organization_id, user_id, query_type, left(query_info, 1100000)"
                  " FROM sentry_exporteddata WHERE id = $1::bigint"
                  " UNION ALL SELECT organization_id, user_id, query_type,"
                  " left(query_info, 1100000) FROM exportd.export"
                  " WHERE data_export_id = $1::bigint"
                  " AND NOT EXISTS (SELECT FROM sentry_exporteddata WHERE id = $1::bigint)",
                  &params, &result, error))
        return false;
    bool done = pg_rows(result) == 1 ? copy_subject(result, arena, subject, error)
                                     : error_set(error, ERROR_NOT_FOUND,
                                                 "there is no export %" PRId64, data_export_id);
    pg_result_free(result);
    return done;
}

/* ---- cleanup ---- */

/* $1 days. */
#define OLD_EXPORTS                                                                                \
    " exportd.export x WHERE x.state IN ('valid', 'failed', 'cancelled', 'gone')"                  \
    " AND x.finished_at < now() - $1::bigint * interval '24 hours'"                                \
    " AND NOT EXISTS (SELECT 1 FROM sentry_exporteddata e"                                         \
    " WHERE e.id = x.data_export_id AND (e.file_id IS NOT NULL OR e.date_finished IS NULL))"       \
    " AND NOT EXISTS (SELECT 1 FROM exportd.outbox o"                                              \
    " WHERE o.data_export_id = x.data_export_id AND o.state = 'waiting')"

bool history_delete_old(struct pg *pg, int64_t days, bool dry_run, int64_t *count,
                        struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, days);
    if (dry_run)
        return pg_query_int(pg, "SELECT count(*) FROM" OLD_EXPORTS, &params, count, error);
    return pg_query_int(pg,
                        "WITH old AS (DELETE FROM" OLD_EXPORTS " RETURNING x.data_export_id),"
                        " attempts AS (DELETE FROM exportd.attempt a USING old"
                        " WHERE a.data_export_id = old.data_export_id),"
                        " mails AS (DELETE FROM exportd.outbox o USING old"
                        " WHERE o.data_export_id = old.data_export_id)"
                        " SELECT count(*) FROM old",
                        &params, count, error);
}
