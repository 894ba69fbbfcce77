/* SPDX-License-Identifier: Apache-2.0 */
/* What the dialects have in common: the names of columns, and the checks of a query. */
#include "snuba/dialect.h"

#include "base/text.h"
#include "snuba/dialect_print.h"

const struct snuba_dialect *snuba_dialect_find(const char *name)
{
    if (text_equal(name, snuba_dialect_2018.name))
        return &snuba_dialect_2018;
    return text_equal(name, snuba_dialect_2020.name) ? &snuba_dialect_2020 : NULL;
}

/* ---- columns ---- */

static bool can_be_named(const char *key)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
    return key[0] != '\0' && key[strspn(key, allowed)] == '\0';
}

bool snuba_dialect_has_tag_column(const struct snuba_dialect *dialect, const char *key)
{
    const struct snuba_column column = {.kind = SNUBA_TAG, .name = key};
    return can_be_named(key) && (!snuba_column_is_flag(&column) || dialect->words->is_apart(key));
}

bool snuba_column_is_flag(const struct snuba_column *column)
{
    return column->kind == SNUBA_TAG && text_equal(column->name, "os.rooted");
}

bool snuba_dialect_tag_is_apart(const struct snuba_dialect *dialect, const char *key)
{
    return dialect->words->is_apart(key);
}

const char *snuba_dialect_tag_key(const struct snuba_dialect *dialect, const char *answered)
{
    return dialect->words->key_here(answered);
}

static bool check_name_length(int length, struct error *error)
{
    return (length > 0 && length < SNUBA_COLUMN_MAX) ||
           error_set(error, ERROR_QUERY, "a column's name is too long for snuba");
}

bool snuba_name_column(const struct snuba_dialect *dialect, const struct snuba_column *column,
                       char name[SNUBA_COLUMN_MAX], struct error *error)
{
    if (column->kind == SNUBA_ALIAS)
        return check_name_length(snprintf(name, SNUBA_COLUMN_MAX, "%s", column->name), error);
    if (column->kind != SNUBA_TAG)
        return check_name_length(
            snprintf(name, SNUBA_COLUMN_MAX, "%s", dialect->words->columns[column->kind]), error);
    if (!can_be_named(column->name))
        return error_set(error, ERROR_QUERY,
                         "snuba cannot be asked for a tag key with other characters than letters, "
                         "digits and _.:-");
    return check_name_length(
        snprintf(name, SNUBA_COLUMN_MAX, "tags[%s]", dialect->words->key_there(column->name)),
        error);
}

bool snuba_dialect_column(const struct snuba_dialect *dialect, const struct snuba_column *column,
                          struct arena *arena, const char **name, struct error *error)
{
    char text[SNUBA_COLUMN_MAX];
    if (!snuba_name_column(dialect, column, text, error))
        return false;
    *name = arena_copy(arena, text, strlen(text), error);
    return *name != NULL;
}

/* ---- the checks of every dialect ---- */

bool snuba_query_counts(const struct snuba_query *query, enum snuba_column_kind kind)
{
    for (size_t i = 0; i < query->aggregation_count; i++)
        if (query->aggregations[i].function != SNUBA_COUNT &&
            query->aggregations[i].column.kind == kind)
            return true;
    return false;
}

bool snuba_query_has_alias(const struct snuba_query *query, const char *alias)
{
    for (size_t i = 0; i < query->aggregation_count; i++)
        if (text_equal(query->aggregations[i].alias, alias))
            return true;
    return false;
}

bool snuba_query_uses(const struct snuba_query *query, enum snuba_column_kind kind)
{
    for (size_t i = 0; i < query->groupby_count; i++)
        if (query->groupby[i].kind == kind)
            return true;
    for (size_t i = 0; i < query->condition_count; i++)
        for (size_t j = 0; j < query->conditions[i].count; j++)
            if (query->conditions[i].conditions[j].column.kind == kind)
                return true;
    return snuba_query_counts(query, kind);
}

static bool check_condition(const struct snuba_condition *condition, bool having,
                            const struct snuba_query *query, struct error *error)
{
    const struct snuba_literal *literal = &condition->literal;
    bool unary = condition->compare == SNUBA_IS_NULL || condition->compare == SNUBA_IS_NOT_NULL;
    if (unary != (literal->kind == SNUBA_NOTHING))
        return error_set(error, ERROR_QUERY, "a condition has the wrong kind of value");
    if (!unary && (literal->count == 0 || (literal->count > 1 && condition->compare != SNUBA_IN)))
        return error_set(error, ERROR_QUERY, "a condition compares with %zu values",
                         literal->count);
    if (condition->column.kind == SNUBA_ALIAS &&
        (!having || !snuba_query_has_alias(query, condition->column.name)))
        return error_set(error, ERROR_QUERY, "a condition has an unknown alias");
    return true;
}

static bool check_conditions(const struct snuba_query *query, struct error *error)
{
    for (size_t i = 0; i < query->condition_count; i++) {
        if (query->conditions[i].count == 0)
            return error_set(error, ERROR_QUERY, "a list of alternatives is empty");
        for (size_t j = 0; j < query->conditions[i].count; j++)
            if (!check_condition(&query->conditions[i].conditions[j], false, query, error))
                return false;
    }
    for (size_t i = 0; i < query->having_count; i++)
        if (!check_condition(&query->having[i], true, query, error))
            return false;
    return true;
}

static bool check_order(const struct snuba_dialect *dialect, const struct snuba_query *query,
                        struct error *error)
{
    if (query->orderby_count > dialect->orderby_max)
        return error_set(error, ERROR_QUERY, "the %s dialect sorts by %zu key only", dialect->name,
                         dialect->orderby_max);
    for (size_t i = 0; i < query->orderby_count; i++) {
        const struct snuba_column *column = &query->orderby[i].column;
        if (column->kind == SNUBA_ALIAS && !snuba_query_has_alias(query, column->name))
            return error_set(error, ERROR_QUERY, "a sort key has an unknown alias");
    }
    return true;
}

static bool check_query(const struct snuba_dialect *dialect, const struct snuba_query *query,
                        struct error *error)
{
    if (query->project_count == 0)
        return error_set(error, ERROR_QUERY, "a question to snuba needs a project");
    if (query->aggregation_count == 0)
        return error_set(error, ERROR_QUERY, "a question to snuba has to count something");
    if (query->to - query->from < USEC_PER_SECOND)
        return error_set(error, ERROR_QUERY, "a question to snuba needs a second of time");
    if (query->limit < -1 || query->offset < 0 || query->limitby < 0)
        return error_set(error, ERROR_QUERY, "a limit is below 0");
    if (dialect->limit_max > 0 && query->limit > dialect->limit_max)
        return error_set(error, ERROR_QUERY, "a limit is above %" PRId64, dialect->limit_max);
    return check_conditions(query, error) && check_order(dialect, query, error) &&
           dialect->words->check(query, error);
}

bool snuba_dialect_print(const struct snuba_dialect *dialect, const struct snuba_query *query,
                         struct buffer *body, struct error *error)
{
    const struct snuba_printer printer = {
        .dialect = dialect, .query = query, .body = body, .error = error};
    return check_query(dialect, query, error) && dialect->words->print(&printer) &&
           buffer_append_byte(body, '}', error);
}
