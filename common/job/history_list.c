/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listing of exports: what `exportd status` shows.
 *
 * An export has a row in sentry_exporteddata, in exportd.export, or in both. The newest that pass
 * the filter are taken from either table, each along an index; then what both say of them is read.
 * The row of sentry_exporteddata decides while it is there, unless it could not be deleted after a
 * failure. What exportd.export remembers of a row with another date_added is about another job.
 *
 * exportd.export has an index for each filter but the type. Sentry's table has only Sentry's
 * indexes: it is read from its newest row on, or along organization_id or user_id, until enough has
 * passed. A filter by state asks exportd.export alone.
 */
#include "job/history.h"

/* The columns of LISTING, in its order. */
enum column {
    COLUMN_ID,
    COLUMN_STATUS,
    COLUMN_STATE,
    COLUMN_TYPE,
    COLUMN_ORGANIZATION,
    COLUMN_USER,
    COLUMN_QUERY_INFO,
    COLUMN_LIMIT,
    COLUMN_ENVIRONMENT,
    COLUMN_ADDED,
    COLUMN_FINISHED,
    COLUMN_EXPIRED,
    COLUMN_ROWS,
    COLUMN_BYTES,
    COLUMN_PAGES,
    COLUMN_ATTEMPTS,
    COLUMN_FAILURES,
    COLUMN_WORKER,
    COLUMN_NEXT_TRY,
    COLUMN_MESSAGE,
    COLUMN_MAIL,
    COLUMN_MAIL_MESSAGE,
    COLUMN_SOURCE,
    COLUMN_PRIORITY,
    COLUMN_BIG,
    COLUMN_CRASHES,
    COLUMN_ROWS_EXPECTED,
    COLUMN_VALUES_READ,
    COLUMN_TRUNCATED,
    COLUMN_WINDOW_FROM,
    COLUMN_WINDOW_TO,
    COLUMN_STARTED,
    COLUMN_PROGRESS,
    COLUMN_EXPIRES,
    COLUMN_CAUSE,
    COLUMN_RETRY_OF,
    COLUMN_SIZE,
    COLUMN_SHA1,
};

/* The parameters of each statement here: $1 how many, then struct history_filter in its order.
   PostgreSQL plans with their values: a condition that is not asked for costs nothing. */
#define E_PASSES                                                                                   \
    "($2::bigint = 0 OR e.id = $2::bigint)"                                                        \
    " AND ($3::bigint = 0 OR e.organization_id = $3::bigint)"                                      \
    " AND ($4::bigint = 0 OR e.user_id = $4::bigint)"                                              \
    " AND ($5::bigint IS NULL OR e.query_type = $5::bigint)"
#define X_PASSES                                                                                   \
    "($2::bigint = 0 OR x.data_export_id = $2::bigint)"                                            \
    " AND ($3::bigint = 0 OR x.organization_id = $3::bigint)"                                      \
    " AND ($4::bigint = 0 OR x.user_id = $4::bigint)"                                              \
    " AND ($5::bigint IS NULL OR x.query_type = $5::bigint)"                                       \
    " AND ($6::text IS NULL OR x.state = $6::text)"

/* The row of Sentry is asked for in a subquery, so that it is found by its id for each candidate: a
   join would be planned for the case that nearly all candidates fail. */
#define IDS                                                                                        \
    "SELECT id FROM ("                                                                             \
    "(SELECT e.id FROM sentry_exporteddata e"                                                      \
    " WHERE $6::text IS NULL AND e.id < $7::bigint AND " E_PASSES                                  \
    " ORDER BY e.id DESC LIMIT $1::bigint)"                                                        \
    " UNION (SELECT x.data_export_id FROM exportd.export x"                                        \
    " WHERE x.data_export_id < $7::bigint AND " X_PASSES                                           \
    " AND coalesce((SELECT (e.date_added = x.date_added AND " E_PASSES ") IS TRUE"                 \
    " FROM sentry_exporteddata e WHERE e.id = x.data_export_id), true)"                            \
    " ORDER BY x.data_export_id DESC LIMIT $1::bigint)) newest"                                    \
    " ORDER BY id DESC LIMIT $1::bigint"

#define USEC_ADDED       PG_USEC("coalesce(e.date_added, x.date_added)")
#define USEC_FINISHED    PG_USEC("coalesce(e.date_finished, x.finished_at)")
#define USEC_EXPIRED     PG_USEC("e.date_expired")
#define USEC_NEXT_TRY    PG_USEC("x.next_try_at")
#define USEC_WINDOW_FROM PG_USEC("x.window_from")
#define USEC_WINDOW_TO   PG_USEC("x.window_to")
#define USEC_STARTED     PG_USEC("x.started_at")
#define USEC_PROGRESS    PG_USEC("x.progress_at")
#define USEC_EXPIRES     PG_USEC("x.expires_at")

#define LISTING                                                                                    \
    " SELECT ids.id, CASE WHEN e.id IS NULL"                                                       \
    " OR (e.date_finished IS NULL AND x.state IN ('failed', 'cancelled')) THEN CASE x.state"       \
    " WHEN 'failed' THEN 'FAILED' WHEN 'cancelled' THEN 'CANCELLED' ELSE 'GONE' END"               \
    " WHEN e.date_finished IS NULL THEN 'EARLY'"                                                   \
    " WHEN e.date_expired < now() THEN 'EXPIRED' ELSE 'VALID' END,"                                \
    " x.state, coalesce(e.query_type, x.query_type), o.slug, u.email,"                             \
    " coalesce(e.query_info, x.query_info), x.\"limit\", x.environment_id,"                        \
    " " USEC_ADDED ", " USEC_FINISHED ", " USEC_EXPIRED ","                                        \
    " x.rows, x.bytes, x.pages, x.attempt, x.failures, x.worker, " USEC_NEXT_TRY ","               \
    " coalesce(x.message, 'mail: ' || m.message), coalesce(m.state, 'none'), m.message,"           \
    " x.source, x.priority, x.big::integer, x.crashes, coalesce(x.rows_expected, -1),"             \
    " CASE WHEN x.state = 'running' THEN x.values_read END,"                                       \
    " x.truncated, " USEC_WINDOW_FROM ", " USEC_WINDOW_TO ", " USEC_STARTED ","                    \
    " " USEC_PROGRESS ", " USEC_EXPIRES                                                            \
    ", x.cause, x.retry_of, coalesce(f.size, -1), nullif(f.checksum, '')"                          \
    " FROM ids LEFT JOIN sentry_exporteddata e ON e.id = ids.id"                                   \
    " LEFT JOIN exportd.export x ON x.data_export_id = ids.id"                                     \
    " AND (e.id IS NULL OR e.date_added = x.date_added)"                                           \
    " LEFT JOIN sentry_file f ON f.id = e.file_id"                                                 \
    " LEFT JOIN exportd.outbox m ON m.data_export_id = x.data_export_id"                           \
    " LEFT JOIN sentry_organization o"                                                             \
    " ON o.id = CASE WHEN e.id IS NULL THEN x.organization_id ELSE e.organization_id END"          \
    " LEFT JOIN auth_user u"                                                                       \
    " ON u.id = CASE WHEN e.id IS NULL THEN x.user_id ELSE e.user_id END"                          \
    " ORDER BY ids.id DESC"

static void bind_filter(struct pg_params *params, int64_t max, const struct history_filter *filter)
{
    pg_bind_int(params, max);
    pg_bind_int(params, filter->data_export_id);
    pg_bind_int(params, filter->organization_id);
    pg_bind_int(params, filter->user_id);
    if (filter->query_type == NULL)
        pg_bind_null(params);
    else
        pg_bind_int(params, *filter->query_type);
    pg_bind_text(params, filter->state == NULL ? NULL : job_state_name(*filter->state));
    pg_bind_int(params, filter->before == 0 ? INT64_MAX : filter->before);
}

static bool select_rows(struct pg *pg, const struct history_filter *filter, int64_t max,
                        struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_filter(&params, max, filter);
    return pg_query(pg, "WITH ids AS (" IDS ")" LISTING, &params, result, error);
}

/* ---- a row of the result ---- */

struct reader {
    const struct pg_result *result;
    int row;
    struct arena *arena;
};

static int64_t number(const struct reader *reader, enum column column)
{
    return pg_int(reader->result, reader->row, (int)column);
}

static int64_t moment(const struct reader *reader, enum column column)
{
    return pg_time(reader->result, reader->row, (int)column);
}

static bool copy_text(const struct reader *reader, enum column column, const char **copy,
                      struct error *error)
{
    const char *text = pg_text(reader->result, reader->row, (int)column);
    *copy = text == NULL ? NULL : arena_copy(reader->arena, text, strlen(text), error);
    return text == NULL || *copy != NULL;
}

static bool copy_texts(const struct reader *reader, struct history_row *row, struct error *error)
{
    return copy_text(reader, COLUMN_STATUS, &row->status, error) &&
           copy_text(reader, COLUMN_STATE, &row->state, error) &&
           copy_text(reader, COLUMN_ORGANIZATION, &row->organization, error) &&
           copy_text(reader, COLUMN_USER, &row->user, error) &&
           copy_text(reader, COLUMN_QUERY_INFO, &row->query_info, error) &&
           copy_text(reader, COLUMN_WORKER, &row->worker, error) &&
           copy_text(reader, COLUMN_MESSAGE, &row->message, error) &&
           copy_text(reader, COLUMN_MAIL, &row->mail, error) &&
           copy_text(reader, COLUMN_MAIL_MESSAGE, &row->mail_message, error) &&
           copy_text(reader, COLUMN_SOURCE, &row->source, error) &&
           copy_text(reader, COLUMN_TRUNCATED, &row->truncated, error) &&
           copy_text(reader, COLUMN_CAUSE, &row->cause, error) &&
           copy_text(reader, COLUMN_SHA1, &row->sha1, error);
}

static bool read_row(const struct reader *reader, struct history_row *row, struct error *error)
{
    *row = (struct history_row){
        .id = number(reader, COLUMN_ID),
        .query_type = number(reader, COLUMN_TYPE),
        .limit = number(reader, COLUMN_LIMIT),
        .environment_id = number(reader, COLUMN_ENVIRONMENT),
        .date_added = moment(reader, COLUMN_ADDED),
        .date_finished = moment(reader, COLUMN_FINISHED),
        .date_expired = moment(reader, COLUMN_EXPIRED),
        .progress = {.rows = number(reader, COLUMN_ROWS),
                     .bytes = number(reader, COLUMN_BYTES),
                     .pages = number(reader, COLUMN_PAGES),
                     .values_read = number(reader, COLUMN_VALUES_READ)},
        .attempts = number(reader, COLUMN_ATTEMPTS),
        .failures = number(reader, COLUMN_FAILURES),
        .next_try_at = moment(reader, COLUMN_NEXT_TRY),
        .priority = number(reader, COLUMN_PRIORITY),
        .big = number(reader, COLUMN_BIG) == 1,
        .crashes = number(reader, COLUMN_CRASHES),
        .rows_expected = number(reader, COLUMN_ROWS_EXPECTED),
        .window_from = moment(reader, COLUMN_WINDOW_FROM),
        .window_to = moment(reader, COLUMN_WINDOW_TO),
        .started_at = moment(reader, COLUMN_STARTED),
        .progress_at = moment(reader, COLUMN_PROGRESS),
        .expires_at = moment(reader, COLUMN_EXPIRES),
        .retry_of = number(reader, COLUMN_RETRY_OF),
        .size = number(reader, COLUMN_SIZE),
    };
    return copy_texts(reader, row, error);
}

/* ---- what the header promises ---- */

/* One row more than wanted is asked for: it tells whether there are older ones. */
bool history_list(struct pg *pg, const struct history_filter *filter, struct arena *arena,
                  struct history_rows *rows, struct error *error)
{
    struct pg_result *result = NULL;
    if (!select_rows(pg, filter, filter->max + 1, &result, error))
        return false;
    rows->more = pg_rows(result) > filter->max;
    rows->count = (size_t)(rows->more ? filter->max : pg_rows(result));
    rows->items = arena_array(arena, rows->count, sizeof(*rows->items), error);
    bool done = rows->items != NULL;
    for (size_t i = 0; done && i < rows->count; i++) {
        const struct reader reader = {.result = result, .row = (int)i, .arena = arena};
        done = read_row(&reader, &rows->items[i], error);
    }
    pg_result_free(result);
    return done;
}

bool history_count(struct pg *pg, const struct history_filter *filter, int64_t *count,
                   struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_filter(&params, filter->max + 1, filter);
    return pg_query_int(pg, "SELECT count(*) FROM (" IDS ") ids", &params, count, error);
}
