/* SPDX-License-Identifier: Apache-2.0 */
#include "job/quota.h"

#include "base/embedded.h"
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

/* The columns of quota_list.sql: the parts that count, then the organization's own. */
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
    if (!pg_query(pg, embedded_text(embedded_job_statements, "quota_list.sql"), &params, &result,
                  error))
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
    return pg_execute(pg, embedded_text(embedded_job_statements, "quota_set.sql"), &params, NULL,
                      error);
}

/* ---- check ---- */

/* Counts no further than to the allowed number. Leaves out exports that came by Celery: their
   messages cannot be refused. */
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
