/* SPDX-License-Identifier: Apache-2.0 */
#include "job/quota.h"

#include "client/pg_json.h"

static const char *const names[] = {
    [QUOTA_WEIGHT] = "weight",
    [QUOTA_MAX_RUNNING] = "max_running",
    [QUOTA_MAX_QUEUED] = "max_queued",
    [QUOTA_EXPIRATION_DAYS] = "expiration_days",
};

const char *quota_part_name(enum quota_part part)
{
    return names[part];
}

/* ---- show ---- */

static bool put_part(json_t *object, enum quota_part part, double number, struct error *error)
{
    return part == QUOTA_WEIGHT ? json_put(object, names[part], json_real(number), error)
                                : json_put_int(object, names[part], (int64_t)number, error);
}

/* The effective parts, then the organization's own. */
enum { COLUMN_ID, COLUMN_SLUG, COLUMN_PARTS, COLUMN_OWN = COLUMN_PARTS + QUOTA_PARTS };

static bool put_parts(json_t *object, const struct pg_result *result, int row, struct error *error)
{
    json_t *own = json_array();
    bool done = own != NULL || error_no_memory(error);
    for (int part = 0; done && part < QUOTA_PARTS; part++) {
        double number = strtod(pg_text(result, row, COLUMN_PARTS + part), NULL);
        done =
            put_part(object, (enum quota_part)part, number, error) &&
            (pg_is_null(result, row, COLUMN_OWN + part) ||
             json_array_append_new(own, json_string(names[part])) == 0 || error_no_memory(error));
    }
    done = done && json_put(object, "own", json_incref(own), error);
    json_decref(own);
    return done;
}

static bool put_quota(json_t *object, const struct pg_result *result, int row, struct error *error)
{
    return json_put_text(object, "organization", pg_text(result, row, COLUMN_SLUG), error) &&
           json_put_int(object, "organization_id", pg_int(result, row, COLUMN_ID), error) &&
           put_parts(object, result, row, error);
}

bool quota_list(struct pg *pg, int64_t organization_id, const struct quota *settings, json_t **list,
                struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, organization_id);
    for (int part = 0; part < QUOTA_PARTS; part++)
        pg_bind_double(&params, settings->parts[part]);
    if (!pg_query(pg,
                  "SELECT ids.id, o.slug, coalesce(q.weight, $2::float8),"
                  " coalesce(q.max_running, $3::float8), coalesce(q.max_queued, $4::float8),"
                  " coalesce(q.expiration_days, $5::float8),"
                  " q.weight, q.max_running, q.max_queued, q.expiration_days"
                  " FROM (SELECT $1::bigint AS id WHERE $1::bigint <> 0"
                  " UNION SELECT organization_id FROM exportd.organization WHERE $1::bigint = 0"
                  " AND coalesce(weight, max_running, max_queued, expiration_days) IS NOT NULL) ids"
                  " LEFT JOIN exportd.organization q ON q.organization_id = ids.id"
                  " LEFT JOIN sentry_organization o ON o.id = ids.id ORDER BY o.slug, ids.id",
                  &params, &result, error))
        return false;
    bool done = pg_json_list(result, put_quota, list, error);
    pg_result_free(result);
    return done;
}

/* ---- set ---- */

bool quota_set(struct pg *pg, int64_t organization_id, const struct quota *change,
               struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, organization_id);
    for (int part = 0; part < QUOTA_PARTS; part++)
        pg_bind_double(&params, change->parts[part]);
    return pg_execute(
        pg,
        "INSERT INTO exportd.organization AS o"
        " (organization_id, weight, max_running, max_queued, expiration_days)"
        " SELECT $1::bigint, CASE WHEN $2::float8 >= 0 THEN $2::float8 END,"
        " CASE WHEN $3::float8 >= 0 THEN $3::float8 END,"
        " CASE WHEN $4::float8 >= 0 THEN $4::float8 END,"
        " CASE WHEN $5::float8 >= 0 THEN $5::float8 END"
        " ON CONFLICT (organization_id) DO UPDATE SET"
        " weight = CASE WHEN $2::float8 = -2 THEN o.weight ELSE EXCLUDED.weight END,"
        " max_running = CASE WHEN $3::float8 = -2 THEN o.max_running ELSE EXCLUDED.max_running END,"
        " max_queued = CASE WHEN $4::float8 = -2 THEN o.max_queued ELSE EXCLUDED.max_queued END,"
        " expiration_days = CASE WHEN $5::float8 = -2 THEN o.expiration_days"
        " ELSE EXCLUDED.expiration_days END",
        &params, NULL, error);
}

/* ---- check ---- */

/* Counts no further than to what is allowed. Celery's messages cannot be refused: they do not
 * count. */
bool quota_check_queued(struct pg *pg, int64_t organization_id, int64_t max_queued,
                        struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, organization_id);
    pg_bind_int(&params, max_queued);
    if (!pg_query(
            pg,
            "SELECT allowed.most, (SELECT slug FROM sentry_organization WHERE id = $1::bigint),"
            " (SELECT count(*) FROM (SELECT FROM exportd.export"
            " WHERE organization_id = $1::bigint AND state IN ('waiting', 'delayed')"
            " AND source IS DISTINCT FROM 'celery' LIMIT allowed.most) AS queued)"
            " FROM (SELECT coalesce((SELECT max_queued FROM exportd.organization"
            " WHERE organization_id = $1::bigint), $2::bigint) AS most) AS allowed",
            &params, &result, error))
        return false;
    int64_t most = pg_int(result, 0, 0);
    bool room = pg_int(result, 0, 2) < most;
    if (!room)
        error_set(error, ERROR_BUSY,
                  "%.100s has %" PRId64 " export%s waiting, which is the most that it may have",
                  pg_text(result, 0, 1), most, most == 1 ? "" : "s");
    pg_result_free(result);
    return room;
}
