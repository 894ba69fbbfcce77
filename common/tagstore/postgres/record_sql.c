/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each function passes a whole batch as arrays (client/pg_columns.h), one per column, so that a
 * batch costs one statement per table. Statements that need a fixed order of locks sort or number
 * the rows.
 *
 * Tested by tests/system/test_ingest.py and tests/system/test_tagstore_export.py.
 */
#include "tagstore/postgres/record_sql.h"

#include "base/embedded.h"
#include "base/text.h"
#include "client/pg_columns.h"
#include "client/pg_copy_rows.h"

/* ---- keys ---- */

static void add_keys(struct pg_columns *columns, const struct key_row *rows, size_t count)
{
    pg_columns_init(columns, 3);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(columns, rows[i].project_id);
        pg_columns_add_int(columns, rows[i].environment_id);
        pg_columns_add_text(columns, rows[i].key);
    }
}

/* Sets the ids of the keys that exist, and counts the others. */
static bool find_keys(struct pg *pg, struct key_row *rows, size_t count, size_t *missing,
                      struct error *error)
{
    struct pg_columns columns;
    struct pg_result *result = NULL;
    add_keys(&columns, rows, count);
    bool done =
        pg_columns_query(&columns, pg,
                         "SELECT w.n, k.id"
                         " FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY"
                         "   AS w (project_id, environment_id, key, n)"
                         " JOIN tagstore_tagkey k ON k.project_id = w.project_id"
                         "   AND k.environment_id = w.environment_id AND k.key = w.key",
                         &result, error);
    for (int i = 0; done && i < pg_rows(result); i++)
        rows[pg_int(result, i, 0) - 1].id = pg_int(result, i, 1);
    *missing = done ? count - (size_t)pg_rows(result) : count;
    pg_columns_free(&columns);
    pg_result_free(result);
    return done;
}

/* Inserts the keys that are missing. Existing rows are not touched. */
static bool insert_keys(struct pg *pg, const struct key_row *rows, size_t count,
                        struct error *error)
{
    struct pg_columns columns;
    add_keys(&columns, rows, count);
    bool done = pg_columns_execute(
        &columns, pg,
        "INSERT INTO tagstore_tagkey (project_id, environment_id, key, values_seen, status)"
        " SELECT w.project_id, w.environment_id, w.key, 0, 0"
        " FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY"
        "   AS w (project_id, environment_id, key, n)"
        " WHERE NOT EXISTS (SELECT FROM tagstore_tagkey k WHERE k.project_id = w.project_id"
        "   AND k.environment_id = w.environment_id AND k.key = w.key)"
        " ORDER BY w.n ON CONFLICT (project_id, environment_id, key) DO NOTHING",
        NULL, error);
    pg_columns_free(&columns);
    return done;
}

/* Keys are few and rarely new. The usual batch only reads them, and so takes no lock that another
   batch would wait for. */
bool record_keys(struct pg *pg, struct key_row *rows, size_t count, struct error *error)
{
    size_t missing = 0;
    if (!find_keys(pg, rows, count, &missing, error))
        return false;
    if (missing == 0)
        return true;
    return insert_keys(pg, rows, count, error) && find_keys(pg, rows, count, &missing, error) &&
           (missing == 0 || error_set(error, ERROR_CONFLICT, "a new tag key was deleted at once"));
}

/* ---- values ---- */

/* The last three columns of a value or of a group's value. */
static void add_tally(struct pg_columns *columns, const struct tally *tally)
{
    pg_columns_add_int(columns, tally->times_seen < INT32_MAX ? tally->times_seen : INT32_MAX);
    pg_columns_add_time(columns, tally->last_seen);
    pg_columns_add_time(columns, tally->first_seen);
}

/* Sets the ids of the rows that have none. LATERAL with a LIMIT is one index lookup per row; a
   plain join may read the whole table. The lookup asks for the smallest value that is not less than
   the wanted one, because only the index that includes the value can answer this. Without
   statistics the planner may choose the index of all values of the key for an equal value. */
static bool find_values(struct pg *pg, struct value_row *rows, size_t count, struct error *error)
{
    struct pg_columns columns;
    struct pg_result *result = NULL;
    pg_columns_init(&columns, 4);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].id != 0)
            continue;
        pg_columns_add_int(&columns, (int64_t)i);
        pg_columns_add_int(&columns, rows[i].project_id);
        pg_columns_add_int(&columns, rows[i].key_id);
        pg_columns_add_text(&columns, rows[i].value);
    }
    bool done = pg_columns_query(
        &columns, pg,
        "SELECT w.place, v.id FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])"
        "   AS w (place, project_id, key_id, value)"
        " CROSS JOIN LATERAL (SELECT t.id, t.value FROM tagstore_tagvalue t"
        "   WHERE t.project_id = w.project_id AND t.key_id = w.key_id AND t.value >= w.value"
        "   ORDER BY t.value LIMIT 1) v WHERE v.value = w.value",
        &result, error);
    for (int i = 0; done && i < pg_rows(result); i++)
        rows[pg_int(result, i, 0)].id = pg_int(result, i, 1);
    pg_result_free(result);
    pg_columns_free(&columns);
    return done;
}

/* Sets the ids of the rows that were inserted: they come back in the order of `rows`. A row that
   another transaction has inserted meanwhile does not come back. */
static bool read_inserted(const struct pg_result *result, struct value_row *rows, size_t count,
                          struct error *error)
{
    int row = 0;
    for (size_t i = 0; i < count && row < pg_rows(result); i++) {
        if (rows[i].id != 0 || pg_int(result, row, 0) != rows[i].key_id ||
            !text_equal(pg_text(result, row, 1), rows[i].value))
            continue;
        rows[i].id = pg_int(result, row++, 2);
        rows[i].is_new = true;
    }
    return row == pg_rows(result) ||
           error_set(error, ERROR_INTERNAL, "tag values came back in another order");
}

/* Inserts the rows that have no id yet. */
static bool insert_values(struct pg *pg, struct value_row *rows, size_t count, struct error *error)
{
    struct pg_columns columns;
    struct pg_result *result = NULL;
    pg_columns_init(&columns, 3);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].id != 0)
            continue;
        pg_columns_add_int(&columns, rows[i].project_id);
        pg_columns_add_int(&columns, rows[i].key_id);
        pg_columns_add_text(&columns, rows[i].value);
    }
    bool done =
        pg_columns_query(&columns, pg,
                         "INSERT INTO tagstore_tagvalue"
                         " (project_id, key_id, value, data, times_seen, last_seen, first_seen)"
                         " SELECT w.project_id, w.key_id, w.value, NULL, 0, NULL, NULL"
                         " FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY"
                         "   AS w (project_id, key_id, value, n)"
                         " ORDER BY w.n ON CONFLICT (project_id, key_id, value) DO NOTHING"
                         " RETURNING key_id, value, id",
                         &result, error) &&
        read_inserted(result, rows, count, error);
    pg_result_free(result);
    pg_columns_free(&columns);
    return done;
}

static bool is_any_missing(const struct value_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].id == 0)
            return true;
    return false;
}

/* The second find_values is for rows that another transaction has inserted meanwhile. */
bool record_values(struct pg *pg, struct value_row *rows, size_t count, struct error *error)
{
    if (is_any_missing(rows, count) && !find_values(pg, rows, count, error))
        return false;
    if (is_any_missing(rows, count) && !insert_values(pg, rows, count, error))
        return false;
    if (is_any_missing(rows, count) && !find_values(pg, rows, count, error))
        return false;
    return !is_any_missing(rows, count) ||
           error_set(error, ERROR_CONFLICT, "a new tag value was deleted at once");
}

/* A missing row means that a value of the cache was deleted. */
bool record_value_sums(struct pg *pg, const struct value_row *rows, size_t count,
                       struct error *error)
{
    struct pg_columns columns;
    int64_t updated = 0;
    pg_columns_init(&columns, 4);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(&columns, rows[i].id);
        add_tally(&columns, &rows[i].tally);
    }
    bool done =
        pg_columns_execute(&columns, pg,
                           "UPDATE tagstore_tagvalue t SET times_seen ="
                           "   least(2147483647, t.times_seen + w.times_seen)::integer,"
                           " last_seen = greatest(t.last_seen, w.last_seen),"
                           " first_seen = least(t.first_seen, w.first_seen)"
                           " FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[],"
                           "   $4::timestamptz[]) AS w (id, times_seen, last_seen, first_seen)"
                           " WHERE t.id = w.id",
                           &updated, error) &&
        ((size_t)updated == count || error_set(error, ERROR_CONFLICT, "a tag value is gone"));
    pg_columns_free(&columns);
    return done;
}

/* ---- values of groups ---- */

/* The statement saves all values before it locks the first key. */
bool record_group_values(struct pg *pg, const struct group_value_row *rows, size_t count,
                         struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 7);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(&columns, rows[i].project_id);
        pg_columns_add_int(&columns, rows[i].group_id);
        pg_columns_add_int(&columns, rows[i].key_id);
        pg_columns_add_int(&columns, rows[i].value_id);
        add_tally(&columns, &rows[i].tally);
    }
    bool done = pg_columns_execute(
        &columns, pg, embedded_text(embedded_tagstore_statements, "record_group_values.sql"), NULL,
        error);
    pg_columns_free(&columns);
    return done;
}

/* ---- how many values a key has ---- */

/* Locks the rows in a fixed order before it updates them: an UPDATE alone locks them in the order
   of its plan. */
bool record_new_values(struct pg *pg, const struct new_values *rows, size_t count,
                       struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 2);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(&columns, rows[i].key_id);
        pg_columns_add_int(&columns, rows[i].count);
    }
    bool done = pg_columns_execute(
        &columns, pg,
        "WITH locked AS (SELECT k.id, w.added"
        "   FROM unnest($1::bigint[], $2::bigint[]) AS w (key_id, added)"
        "   JOIN tagstore_tagkey k ON k.id = w.key_id"
        "   ORDER BY k.id FOR NO KEY UPDATE OF k)"
        " UPDATE tagstore_tagkey k"
        " SET values_seen = least(2147483647, k.values_seen::bigint + locked.added)::integer"
        " FROM locked WHERE k.id = locked.id",
        NULL, error);
    pg_columns_free(&columns);
    return done;
}

/* ---- the tags of each event ---- */

bool record_new_event_tags(struct pg *pg, const struct event_tag_row *rows, size_t count,
                           struct error *error)
{
    struct pg_copy_rows copy;
    pg_copy_rows_init(&copy, 6);
    for (size_t i = 0; i < count; i++) {
        pg_copy_rows_add_int(&copy, rows[i].project_id);
        pg_copy_rows_add_int(&copy, rows[i].group_id);
        pg_copy_rows_add_int(&copy, rows[i].event_id);
        pg_copy_rows_add_int(&copy, rows[i].key_id);
        pg_copy_rows_add_int(&copy, rows[i].value_id);
        pg_copy_rows_add_time(&copy, rows[i].date_added);
    }
    bool done =
        pg_copy_rows_execute(&copy, pg,
                             "COPY tagstore_eventtag (project_id, group_id, event_id, key_id,"
                             " value_id, date_added) FROM STDIN (FORMAT binary)",
                             error);
    pg_copy_rows_free(&copy);
    return done;
}

bool record_check_references(struct pg *pg, struct error *error)
{
    return pg_execute(pg, "SET CONSTRAINTS ALL IMMEDIATE", NULL, NULL, error);
}

/* ON CONFLICT: a tag that exists is no error. */
bool record_event_tags(struct pg *pg, const struct event_tag_row *rows, size_t count,
                       struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 6);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(&columns, rows[i].project_id);
        pg_columns_add_int(&columns, rows[i].group_id);
        pg_columns_add_int(&columns, rows[i].event_id);
        pg_columns_add_int(&columns, rows[i].key_id);
        pg_columns_add_int(&columns, rows[i].value_id);
        pg_columns_add_time(&columns, rows[i].date_added);
    }
    bool done = pg_columns_execute(
        &columns, pg,
        "INSERT INTO tagstore_eventtag"
        " (project_id, group_id, event_id, key_id, value_id, date_added)"
        " SELECT w.project_id, w.group_id, w.event_id, w.key_id, w.value_id, w.date_added"
        " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],"
        "   $6::timestamptz[]) AS w (project_id, group_id, event_id, key_id, value_id, date_added)"
        " ON CONFLICT (project_id, event_id, key_id, value_id) DO NOTHING",
        NULL, error);
    pg_columns_free(&columns);
    return done;
}
