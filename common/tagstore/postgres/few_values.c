/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_tagstore_export.py. */
#include "tagstore/postgres/few_values.h"

#include "base/embedded.h"

enum {
    FEW = 1000,
    VALUE_MAX = 1000 /* bytes: more than the columns hold, unless they were made wider */
};

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
    if (!pg_query(pg, embedded_text(embedded_tagstore_statements, "few_values.sql"), &params,
                  &values->result, error))
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
