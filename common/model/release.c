/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_ingest.py. */
#include "model/release.h"

#include "client/pg_columns.h"

static bool insert_missing(struct pg *pg, const struct named_row *rows, size_t count,
                           struct error *error)
{
    return named_rows_execute(
        pg,
        "INSERT INTO sentry_release (organization_id, version, date_added, new_groups)"
        " SELECT w.organization_id, w.version, now(), 0"
        " FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS w (organization_id, version, n)"
        " WHERE NOT EXISTS (SELECT FROM sentry_release r"
        "   WHERE r.organization_id = w.organization_id AND r.version = w.version)"
        " ORDER BY w.n ON CONFLICT (organization_id, version) DO NOTHING",
        rows, count, error);
}

static bool read_ids(struct pg *pg, struct named_row *rows, size_t count, struct error *error)
{
    return named_rows_read_ids(
        pg,
        "SELECT w.n, r.id"
        " FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS w (organization_id, version, n)"
        " JOIN sentry_release r"
        "   ON r.organization_id = w.organization_id AND r.version = w.version",
        rows, count, error);
}

bool release_get_or_create(struct pg *pg, struct named_row *rows, size_t count, struct error *error)
{
    return insert_missing(pg, rows, count, error) && read_ids(pg, rows, count, error) &&
           (named_rows_are_known(rows, count) ||
            error_set(error, ERROR_CONFLICT, "a new release was deleted at once"));
}

struct pairs {
    const int64_t *project_ids, *release_ids;
    size_t count;
};

static bool execute_pairs(struct pg *pg, const char *sql, const struct pairs *pairs,
                          struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 2);
    for (size_t i = 0; i < pairs->count; i++) {
        pg_columns_add_int(&columns, pairs->project_ids[i]);
        pg_columns_add_int(&columns, pairs->release_ids[i]);
    }
    bool done = pg_columns_execute(&columns, pg, sql, NULL, error);
    pg_columns_free(&columns);
    return done;
}

bool release_link_projects(struct pg *pg, const int64_t *project_ids, const int64_t *release_ids,
                           size_t count, struct error *error)
{
    const struct pairs pairs = {project_ids, release_ids, count};
    return execute_pairs(pg,
                         "INSERT INTO sentry_release_project (project_id, release_id, new_groups)"
                         " SELECT DISTINCT w.project_id, w.release_id, 0"
                         " FROM unnest($1::bigint[], $2::bigint[]) AS w (project_id, release_id)"
                         " WHERE NOT EXISTS (SELECT FROM sentry_release_project r"
                         "   WHERE r.project_id = w.project_id AND r.release_id = w.release_id)"
                         " ORDER BY w.project_id, w.release_id"
                         " ON CONFLICT (project_id, release_id) DO NOTHING",
                         &pairs, error);
}

/* Rows are locked in a fixed order before they are changed: an UPDATE alone locks them in the order
   of its plan. */
bool release_count_new_groups(struct pg *pg, const int64_t *project_ids, const int64_t *release_ids,
                              size_t count, struct error *error)
{
    const struct pairs pairs = {project_ids, release_ids, count};
    return execute_pairs(
               pg,
               "WITH w AS (SELECT release_id, count(*)::integer AS groups"
               "   FROM unnest($1::bigint[], $2::bigint[]) AS w (project_id, release_id)"
               "   GROUP BY release_id),"
               " locked AS (SELECT r.id FROM sentry_release r"
               "   WHERE r.id IN (SELECT release_id FROM w) ORDER BY r.id FOR NO KEY UPDATE)"
               " UPDATE sentry_release r SET new_groups = r.new_groups + w.groups"
               " FROM w JOIN locked ON locked.id = w.release_id WHERE r.id = w.release_id",
               &pairs, error) &&
           execute_pairs(pg,
                         "WITH w AS (SELECT project_id, release_id, count(*)::integer AS groups"
                         "   FROM unnest($1::bigint[], $2::bigint[]) AS w (project_id, release_id)"
                         "   GROUP BY project_id, release_id),"
                         " locked AS (SELECT r.id, w.groups FROM sentry_release_project r JOIN w"
                         "     ON r.project_id = w.project_id AND r.release_id = w.release_id"
                         "   ORDER BY r.id FOR NO KEY UPDATE OF r)"
                         " UPDATE sentry_release_project r"
                         " SET new_groups = coalesce(r.new_groups, 0) + locked.groups"
                         " FROM locked WHERE r.id = locked.id",
                         &pairs, error);
}
