/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/postgres/few_values.h"

enum {
    FEW = 1000,
    VALUE_MAX = 1000 /* bytes: more than the tables hold, if nobody changed them */
};

#define SEEN_COLUMNS PG_USEC_KNOWN("g.last_seen") ", " PG_USEC_KNOWN("g.first_seen")

/* The counter in tagstore_grouptagkey keeps the statement from reading what is not few; that it may
   be wrong is what LIMIT is for. A value that is too long is NULL here. Bytes, not a language,
   order the values. */
static const char rows_statement[] =
    "SELECT CASE WHEN octet_length(v.value) <= $8::integer THEN v.value END,"
    " g.times_seen, " SEEN_COLUMNS ", (SELECT count(*) FROM sentry_groupedmessage"
    " WHERE id = $2::bigint AND project_id = $1::bigint)"
    " FROM tagstore_tagkey k"
    " JOIN tagstore_grouptagkey n ON n.project_id = $1::bigint AND n.group_id = $2::bigint"
    " AND n.key_id = k.id AND n.values_seen <= $6::bigint"
    " JOIN tagstore_grouptagvalue g ON g.project_id = $1::bigint AND g.group_id = $2::bigint"
    " AND g.key_id = k.id"
    " JOIN tagstore_tagvalue v ON v.id = g.value_id"
    " WHERE k.project_id = $1::bigint AND k.environment_id = $3::bigint"
    " AND k.key = $4::text AND k.status = 0"
    " AND (NOT $5::boolean OR (g.times_seen > 0 AND v.value <> ''))"
    " ORDER BY g.first_seen DESC NULLS LAST, v.value COLLATE \"C\""
    " LIMIT $7::bigint";

static void bind_query(struct pg_params *params, const struct group_tag_value_query *query)
{
    bool limited = query->limit > 0 && query->limit <= FEW;
    pg_bind_int(params, query->project_id);
    pg_bind_int(params, query->group_id);
    pg_bind_int(params, query->environment_id);
    pg_bind_text(params, query->key);
    pg_bind_bool(params, query->seen_only);
    pg_bind_int(params, FEW);
    pg_bind_int(params, limited ? query->limit : FEW + 1);
    pg_bind_int(params, VALUE_MAX);
}

static bool are_few(const struct pg_result *result)
{
    int rows = pg_rows(result);
    for (int row = 0; row < rows; row++)
        if (pg_is_null(result, row, 0))
            return false;
    return rows > 0 && rows <= FEW;
}

bool few_values_ask(struct pg *pg, const struct group_tag_value_query *query,
                    struct few_values *values, struct error *error)
{
    struct pg_params params = {.repeated = true};
    *values = (struct few_values){.next = 0};
    bind_query(&params, query);
    if (!pg_query(pg, rows_statement, &params, &values->result, error))
        return false;
    if (!are_few(values->result))
        few_values_free(values);
    else if (query->group_seen != NULL)
        *query->group_seen = pg_int(values->result, 0, 4) == 1;
    return true;
}

int64_t few_values_count(const struct few_values *values)
{
    return pg_rows(values->result);
}

void few_values_free(struct few_values *values)
{
    pg_result_free(values->result);
    values->result = NULL;
}

bool few_values_next(struct few_values *values, struct arena *arena, struct group_tag_value *row,
                     bool *found, struct error *error)
{
    const struct pg_result *result = values->result;
    int at = values->next;
    *found = result != NULL && at < pg_rows(result);
    if (!*found)
        return true;
    const char *value = pg_text(result, at, 0);
    row->value_size = strlen(value);
    row->value = arena_copy(arena, value, row->value_size, error);
    row->times_seen = pg_int(result, at, 1);
    row->last_seen = pg_time(result, at, 2);
    row->first_seen = pg_time(result, at, 3);
    values->next++;
    return row->value != NULL;
}
