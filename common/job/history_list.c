/* SPDX-License-Identifier: Apache-2.0 */
/* The listing of exports: what `exportd status` shows. */
#include "base/text.h"
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
};

/* What exportd remembers of a row with another date_added is about another job: it is not joined.
   Without a sentry_exporteddata row only that memory is left. */
#define USEC_ADDED    PG_USEC("coalesce(e.date_added, x.date_added)")
#define USEC_FINISHED PG_USEC("coalesce(e.date_finished, x.finished_at)")
#define USEC_EXPIRED  PG_USEC("e.date_expired")
#define USEC_NEXT_TRY PG_USEC("x.next_try_at")

/* Whether a row is of the filter's organization ($2) and user ($3). */
#define E_PASSES "$2::bigint IN (0, e.organization_id) AND $3::bigint IN (0, e.user_id)"
#define X_PASSES "$2::bigint IN (0, x.organization_id) AND $3::bigint IN (0, x.user_id)"

#define LISTING                                                                                    \
    " SELECT ids.id, CASE WHEN e.id IS NULL THEN"                                                  \
    " CASE x.state WHEN 'failed' THEN 'FAILED' WHEN 'cancelled' THEN 'CANCELLED' ELSE 'GONE' END"  \
    " WHEN e.date_finished IS NULL THEN 'EARLY'"                                                   \
    " WHEN e.date_expired < now() THEN 'EXPIRED' ELSE 'VALID' END,"                                \
    " x.state, coalesce(e.query_type, x.query_type), o.slug, u.email,"                             \
    " coalesce(e.query_info, x.query_info), x.\"limit\", x.environment_id,"                        \
    " " USEC_ADDED ", " USEC_FINISHED ", " USEC_EXPIRED ","                                        \
    " coalesce(x.rows, 0), coalesce(x.bytes, 0), coalesce(x.pages, 0),"                            \
    " coalesce(x.attempt, 0), coalesce(x.failures, 0), x.worker, " USEC_NEXT_TRY ","               \
    " coalesce(x.message, 'mail: ' || m.message), coalesce(m.state, 'none'), m.message"            \
    " FROM ids LEFT JOIN sentry_exporteddata e ON e.id = ids.id"                                   \
    " LEFT JOIN exportd.export x ON x.data_export_id = ids.id"                                     \
    " AND (e.id IS NULL OR e.date_added = x.date_added)"                                           \
    " LEFT JOIN exportd.outbox m ON m.data_export_id = x.data_export_id"                           \
    " LEFT JOIN sentry_organization o"                                                             \
    " ON o.id = CASE WHEN e.id IS NULL THEN x.organization_id ELSE e.organization_id END"          \
    " LEFT JOIN auth_user u"                                                                       \
    " ON u.id = CASE WHEN e.id IS NULL THEN x.user_id ELSE e.user_id END"                          \
    " WHERE (e.id IS NOT NULL OR x.data_export_id IS NOT NULL) AND"                                \
    " CASE WHEN e.id IS NULL THEN " X_PASSES " ELSE " E_PASSES " END"                              \
    " ORDER BY ids.id DESC"

/* $1 is one id, or how many rows there may be. */
static void bind_filter(struct pg_params *params, const struct history_filter *filter)
{
    pg_bind_int(params, filter->data_export_id != 0 ? filter->data_export_id : filter->max);
    pg_bind_int(params, filter->organization_id);
    pg_bind_int(params, filter->user_id);
}

static bool select_one(struct pg *pg, const struct history_filter *filter,
                       struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_filter(&params, filter);
    return pg_query(pg, "WITH ids AS (SELECT $1::bigint AS id)" LISTING, &params, result, error);
}

/* What exportd remembers of a row that is there with another owner is no export of this filter: a
   page of candidates that has such a one is that much shorter. */
static bool select_newest(struct pg *pg, const struct history_filter *filter,
                          struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_filter(&params, filter);
    return pg_query(pg,
                    "WITH ids AS (SELECT id FROM ("
                    "(SELECT e.id FROM sentry_exporteddata e WHERE " E_PASSES
                    " ORDER BY e.id DESC LIMIT $1::bigint)"
                    " UNION (SELECT x.data_export_id FROM exportd.export x WHERE " X_PASSES
                    " ORDER BY x.data_export_id DESC LIMIT $1::bigint)) newest"
                    " ORDER BY id DESC LIMIT $1::bigint)" LISTING,
                    &params, result, error);
}

/* ---- a row as an object ---- */

struct listed {
    json_t *object;
    const struct pg_result *result;
    int row;
};

static bool put_number(const struct listed *listed, const char *name, enum column column,
                       struct error *error)
{
    return pg_is_null(listed->result, listed->row, (int)column)
               ? json_put_null(listed->object, name, error)
               : json_put_int(listed->object, name,
                              pg_int(listed->result, listed->row, (int)column), error);
}

static bool put_text(const struct listed *listed, const char *name, enum column column,
                     struct error *error)
{
    return json_put_text(listed->object, name, pg_text(listed->result, listed->row, (int)column),
                         error);
}

static bool put_time(const struct listed *listed, const char *name, enum column column,
                     struct error *error)
{
    return json_put_time(listed->object, name, pg_time(listed->result, listed->row, (int)column),
                         error);
}

static bool put_names(const struct listed *listed, struct error *error)
{
    return put_number(listed, "type", COLUMN_TYPE, error) &&
           put_text(listed, "organization", COLUMN_ORGANIZATION, error) &&
           put_text(listed, "user", COLUMN_USER, error) &&
           json_put_null(listed->object, "file_name", error) &&
           put_text(listed, "query_info", COLUMN_QUERY_INFO, error) &&
           put_number(listed, "limit", COLUMN_LIMIT, error) &&
           put_number(listed, "environment_id", COLUMN_ENVIRONMENT, error);
}

static bool put_row(const struct listed *listed, struct error *error)
{
    return put_number(listed, "id", COLUMN_ID, error) &&
           put_text(listed, "status", COLUMN_STATUS, error) &&
           put_text(listed, "state", COLUMN_STATE, error) && put_names(listed, error) &&
           put_time(listed, "date_added", COLUMN_ADDED, error) &&
           put_time(listed, "date_finished", COLUMN_FINISHED, error) &&
           put_time(listed, "date_expired", COLUMN_EXPIRED, error) &&
           put_number(listed, "rows", COLUMN_ROWS, error) &&
           put_number(listed, "bytes", COLUMN_BYTES, error) &&
           put_number(listed, "pages", COLUMN_PAGES, error) &&
           put_number(listed, "attempts", COLUMN_ATTEMPTS, error) &&
           put_number(listed, "failures", COLUMN_FAILURES, error) &&
           put_text(listed, "worker", COLUMN_WORKER, error) &&
           put_time(listed, "next_try_at", COLUMN_NEXT_TRY, error) &&
           put_text(listed, "message", COLUMN_MESSAGE, error) &&
           put_text(listed, "mail", COLUMN_MAIL, error) &&
           put_text(listed, "mail_message", COLUMN_MAIL_MESSAGE, error);
}

static bool add_row(json_t *list, const struct pg_result *result, int row, struct error *error)
{
    json_t *object = json_object();
    bool done = object != NULL && json_array_append(list, object) == 0;
    if (!done)
        (void)error_no_memory(error);
    const struct listed listed = {.object = object, .result = result, .row = row};
    done = done && put_row(&listed, error);
    json_decref(object);
    return done;
}

bool history_list(struct pg *pg, const struct history_filter *filter, json_t **exports,
                  struct error *error)
{
    struct pg_result *result = NULL;
    json_t *list = NULL;
    bool done = filter->data_export_id != 0 ? select_one(pg, filter, &result, error)
                                            : select_newest(pg, filter, &result, error);
    if (!done)
        return false;
    if (filter->data_export_id != 0 && pg_rows(result) == 0) {
        done = error_set(error, ERROR_NOT_FOUND, "there is no export %" PRId64,
                         filter->data_export_id);
        goto end;
    }
    list = json_array();
    done = list != NULL || error_no_memory(error);
    for (int row = 0; done && row < pg_rows(result); row++)
        done = add_row(list, result, row, error);
    if (done)
        *exports = json_incref(list);
    json_decref(list);
end:
    pg_result_free(result);
    return done;
}
