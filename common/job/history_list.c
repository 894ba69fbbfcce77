/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of exports that `exportd status` shows.
 *
 * An export has a row in sentry_exporteddata, in exportd.export, or in both. history_ids.sql takes
 * the newest ids that pass the filter from each table, along an index; history_list.sql then reads
 * both rows of each id. The row of sentry_exporteddata decides while it is there, except if it
 * could not be deleted after a failure or a cancel. A row of exportd.export with another date_added
 * belongs to another job.
 *
 * exportd.export has an index for each filter except the type. sentry_exporteddata only has
 * Sentry's indexes: it is read from its newest row on, or along organization_id or user_id, until
 * enough rows have passed. A filter by state reads exportd.export only.
 *
 * Tested by tests/unit/job/history_test.c.
 */
#include "job/history.h"

#include "base/buffer.h"
#include "base/embedded.h"

enum { STATEMENT_MAX = 16 * 1024 };

/* The columns of history_list.sql, in its order. */
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

/* The parameters of history_ids.sql. */
static void bind_filter(struct pg_params *params, const struct history_filter *filter)
{
    pg_bind_int(params, filter->max + 1);
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

/* Answers `question` about the exports `ids` that pass the filter, filter->max + 1 at most. */
static bool query_ids(struct pg *pg, const struct history_filter *filter, const char *question,
                      struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct buffer sql;
    buffer_init(&sql, STATEMENT_MAX);
    bind_filter(&params, filter);
    bool done =
        buffer_printf(&sql, error, "%s%s",
                      embedded_text(embedded_job_statements, "history_ids.sql"), question) &&
        pg_query(pg, sql.data, &params, result, error);
    buffer_free(&sql);
    return done;
}

/* ---- a row of the result ---- */

/* A row of the result, whose texts are copied into the arena. */
struct reader {
    const struct pg_result *result;
    int row;
    struct arena *arena;
};

static int64_t read_number(const struct reader *reader, enum column column)
{
    return pg_int(reader->result, reader->row, (int)column);
}

static int64_t read_time(const struct reader *reader, enum column column)
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
        .id = read_number(reader, COLUMN_ID),
        .query_type = read_number(reader, COLUMN_TYPE),
        .limit = read_number(reader, COLUMN_LIMIT),
        .environment_id = read_number(reader, COLUMN_ENVIRONMENT),
        .date_added = read_time(reader, COLUMN_ADDED),
        .date_finished = read_time(reader, COLUMN_FINISHED),
        .date_expired = read_time(reader, COLUMN_EXPIRED),
        .progress = {.rows = read_number(reader, COLUMN_ROWS),
                     .bytes = read_number(reader, COLUMN_BYTES),
                     .pages = read_number(reader, COLUMN_PAGES),
                     .values_read = read_number(reader, COLUMN_VALUES_READ)},
        .attempts = read_number(reader, COLUMN_ATTEMPTS),
        .failures = read_number(reader, COLUMN_FAILURES),
        .next_try_at = read_time(reader, COLUMN_NEXT_TRY),
        .priority = read_number(reader, COLUMN_PRIORITY),
        .big = read_number(reader, COLUMN_BIG) == 1,
        .crashes = read_number(reader, COLUMN_CRASHES),
        .rows_expected = read_number(reader, COLUMN_ROWS_EXPECTED),
        .window_from = read_time(reader, COLUMN_WINDOW_FROM),
        .window_to = read_time(reader, COLUMN_WINDOW_TO),
        .started_at = read_time(reader, COLUMN_STARTED),
        .progress_at = read_time(reader, COLUMN_PROGRESS),
        .expires_at = read_time(reader, COLUMN_EXPIRES),
        .retry_of = read_number(reader, COLUMN_RETRY_OF),
        .size = read_number(reader, COLUMN_SIZE),
    };
    return copy_texts(reader, row, error);
}

/* ---- list and count ---- */

/* The statement asks for one row more than wanted, which tells whether there are older ones. */
bool history_list(struct pg *pg, const struct history_filter *filter, struct arena *arena,
                  struct history_rows *rows, struct error *error)
{
    struct pg_result *result = NULL;
    if (!query_ids(pg, filter, embedded_text(embedded_job_statements, "history_list.sql"), &result,
                   error))
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
    struct pg_result *result = NULL;
    if (!query_ids(pg, filter, "SELECT count(*) FROM ids", &result, error))
        return false;
    *count = pg_int(result, 0, 0);
    pg_result_free(result);
    return true;
}
