/* SPDX-License-Identifier: Apache-2.0 */
#include "model/audit.h"

#include "base/text.h"
#include "client/pg_json.h"

static const char *const action_names[] = {
    [AUDIT_CREATE] = "create", [AUDIT_DOWNLOAD] = "download", [AUDIT_CANCEL] = "cancel",
    [AUDIT_RETRY] = "retry",   [AUDIT_DELETE] = "delete",     [AUDIT_EXPIRY] = "expiry",
    [AUDIT_PURGE] = "purge",   [AUDIT_RESEND] = "resend",
};

bool audit_is_action(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(action_names); i++)
        if (text_equal(name, action_names[i]))
            return true;
    return false;
}

static void bind_id(struct pg_params *params, int64_t id_or_0)
{
    if (id_or_0 == 0)
        pg_bind_null(params);
    else
        pg_bind_int(params, id_or_0);
}

bool audit_add(struct pg *pg, const struct audit_entry *entry, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, action_names[entry->action]);
    pg_bind_int(&params, entry->data_export_id);
    pg_bind_int(&params, entry->organization_id);
    bind_id(&params, entry->user_id);
    pg_bind_text(&params, entry->actor);
    pg_bind_text(&params, entry->detail);
    return pg_execute(pg,
                      "INSERT INTO exportd.audit (action, data_export_id, organization_id, user_id,"
                      " actor, detail) VALUES ($1::text, $2::bigint, $3::bigint, $4::bigint,"
                      " $5::text, $6::text)",
                      &params, NULL, error);
}

/* ---- listing ---- */

/* A condition whose parameter is NULL vanishes when the statement is planned, so the other
   conditions can use an index. */
#define PASSING                                                                                    \
    " FROM exportd.audit a WHERE ($1::bigint IS NULL OR a.organization_id = $1::bigint)"           \
    " AND ($2::bigint IS NULL OR a.user_id = $2::bigint)"                                          \
    " AND ($3::bigint IS NULL OR a.data_export_id = $3::bigint)"                                   \
    " AND ($4::text IS NULL OR a.action = $4::text)"                                               \
    " AND ($5::bigint IS NULL OR a.id < $5::bigint)"

static void bind_filter(struct pg_params *params, const struct audit_filter *filter)
{
    bind_id(params, filter->organization_id);
    bind_id(params, filter->user_id);
    bind_id(params, filter->data_export_id);
    pg_bind_text(params, filter->action);
    bind_id(params, filter->before);
}

static bool count_passing(struct pg *pg, const struct audit_filter *filter, int64_t *total,
                          struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_filter(&params, filter);
    return pg_query_int(pg, "SELECT count(*)" PASSING, &params, total, error);
}

static bool select_passing(struct pg *pg, const struct audit_filter *filter,
                           struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_filter(&params, filter);
    pg_bind_int(&params, filter->max);
    return pg_query(pg,
                    "SELECT a.id, " PG_USEC(
                        "a.at") ", a.action, a.data_export_id,"
                                " a.organization_id, o.slug, a.user_id, u.email, a.actor, a.detail"
                                " FROM (SELECT a.*" PASSING
                                " ORDER BY a.id DESC LIMIT $6::bigint) a"
                                " LEFT JOIN sentry_organization o ON o.id = a.organization_id"
                                " LEFT JOIN auth_user u ON u.id = a.user_id ORDER BY a.id DESC",
                    &params, result, error);
}

static bool put_row(json_t *object, const struct pg_result *result, int row, struct error *error)
{
    return json_put_int(object, "id", pg_int(result, row, 0), error) &&
           json_put_time(object, "at", pg_time(result, row, 1), error) &&
           json_put_text(object, "action", pg_text(result, row, 2), error) &&
           json_put_int(object, "data_export_id", pg_int(result, row, 3), error) &&
           json_put_int(object, "organization_id", pg_int(result, row, 4), error) &&
           json_put_text(object, "organization", pg_text(result, row, 5), error) &&
           (pg_is_null(result, row, 6)
                ? json_put_null(object, "user_id", error)
                : json_put_int(object, "user_id", pg_int(result, row, 6), error)) &&
           json_put_text(object, "user", pg_text(result, row, 7), error) &&
           json_put_text(object, "actor", pg_text(result, row, 8), error) &&
           json_put_text(object, "detail", pg_text(result, row, 9), error);
}

bool audit_list(struct pg *pg, const struct audit_filter *filter, json_t **entries, int64_t *total,
                struct error *error)
{
    struct pg_result *result = NULL;
    if (!count_passing(pg, filter, total, error) || !select_passing(pg, filter, &result, error))
        return false;
    bool done = pg_json_list(result, put_row, entries, error);
    pg_result_free(result);
    return done;
}

/* ---- cleanup ---- */

#define OLD_ROWS " exportd.audit WHERE at < clock_timestamp() - $1::bigint * interval '24 hours'"

bool audit_delete_old(struct pg *pg, int64_t days, bool dry_run, int64_t *count,
                      struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, days);
    return dry_run ? pg_query_int(pg, "SELECT count(*) FROM" OLD_ROWS, &params, count, error)
                   : pg_execute(pg, "DELETE FROM" OLD_ROWS, &params, count, error);
}
