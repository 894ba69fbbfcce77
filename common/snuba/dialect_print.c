/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints JSON by hand: a request is small, and the tests compare its bytes. Each function appends
 * one part of the request to the printer's body.
 */
#include "snuba/dialect_print.h"

#include "base/text.h"
#include "wire/clean_text.h"

#define TIME_TEXT_SIZE 19 /* without fraction and zone */

/* ---- JSON ---- */

static bool append_text(const struct snuba_printer *printer, const char *text)
{
    return buffer_append_text(printer->body, text, printer->error);
}

static bool put_comma(const struct snuba_printer *printer, bool wanted)
{
    return !wanted || append_text(printer, ",");
}

/* The first member also opens the body's object; snuba_dialect_print closes it. */
bool snuba_print_member(const struct snuba_printer *printer, const char *name)
{
    return buffer_printf(printer->body, printer->error,
                         "%c\"%s\":", printer->body->size == 0 ? '{' : ',', name);
}

/* Reads one code point of valid UTF-8. */
static uint32_t next_code_point(const unsigned char **text)
{
    const unsigned char *at = *text;
    size_t more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
    uint32_t code_point = more == 0 ? *at : *at & (0x3fU >> more);
    for (size_t i = 1; i <= more; i++)
        code_point = code_point << 6 | (at[i] & 0x3fU);
    *text = at + more + 1;
    return code_point;
}

/* Writes a character of a JSON string in ASCII. Characters above U+FFFF become two surrogates. */
static bool put_code_point(const struct snuba_printer *printer, uint32_t code_point)
{
    struct buffer *body = printer->body;
    if (code_point == '"' || code_point == '\\')
        return buffer_printf(body, printer->error, "\\%c", (int)code_point);
    if (code_point >= 0x20 && code_point < 0x7f)
        return buffer_append_byte(body, (char)code_point, printer->error);
    if (code_point < 0x10000)
        return buffer_printf(body, printer->error, "\\u%04" PRIx32, code_point);
    uint32_t rest = code_point - 0x10000;
    return buffer_printf(body, printer->error, "\\u%04" PRIx32 "\\u%04" PRIx32,
                         0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
}

static bool check_text(const struct snuba_printer *printer, const char *text)
{
    return clean_text_is_clean(text, strlen(text)) ||
           error_set(printer->error, ERROR_INVALID, "a text is not UTF-8");
}

bool snuba_print_text(const struct snuba_printer *printer, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    bool done = check_text(printer, text) && append_text(printer, "\"");
    while (done && *at != '\0')
        done = put_code_point(printer, next_code_point(&at));
    return done && append_text(printer, "\"");
}

bool snuba_print_number(const struct snuba_printer *printer, int64_t number)
{
    return buffer_printf(printer->body, printer->error, "%" PRId64, number);
}

bool snuba_print_numbers(const struct snuba_printer *printer, const int64_t *numbers, size_t count)
{
    bool done = append_text(printer, "[");
    for (size_t i = 0; done && i < count; i++)
        done = put_comma(printer, i > 0) && snuba_print_number(printer, numbers[i]);
    return done && append_text(printer, "]");
}

/* The fraction and the zone of the ISO text are cut off. */
bool snuba_print_time(const struct snuba_printer *printer, int64_t usec)
{
    char text[CLOCK_TEXT_MAX];
    if (usec < USEC_FIRST || usec > USEC_LAST)
        return error_set(printer->error, ERROR_QUERY, "a time is outside the years 1 to 9999");
    (void)clock_format_iso(usec, text);
    text[TIME_TEXT_SIZE] = '\0';
    return snuba_print_text(printer, text);
}

/* ---- columns and aggregations ---- */

/* Writes a column's name in quotes, after `before`: the "-" of a descending sort key, or "". */
static bool put_column(const struct snuba_printer *printer, const struct snuba_column *column,
                       const char *before)
{
    char name[SNUBA_COLUMN_MAX];
    return snuba_name_column(printer->dialect, column, name, printer->error) &&
           buffer_printf(printer->body, printer->error, "\"%s%s\"", before, name);
}

bool snuba_print_groupby(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    bool done = snuba_print_member(printer, "groupby") && append_text(printer, "[");
    for (size_t i = 0; done && i < query->groupby_count; i++)
        done = put_comma(printer, i > 0) && put_column(printer, &query->groupby[i], "");
    return done && append_text(printer, "]");
}

static bool put_function(const struct snuba_printer *printer,
                         const struct snuba_aggregation *aggregation)
{
    if (aggregation->function == SNUBA_TOP_K)
        return buffer_printf(printer->body, printer->error, "\"topK(%d)\"", aggregation->number);
    return snuba_print_text(printer, printer->dialect->words->functions[aggregation->function]);
}

/* ["function", "column", "alias"]; count has the column "". */
static bool put_aggregation(const struct snuba_printer *printer,
                            const struct snuba_aggregation *aggregation)
{
    return append_text(printer, "[") && put_function(printer, aggregation) &&
           append_text(printer, ",") &&
           (aggregation->function == SNUBA_COUNT ? append_text(printer, "\"\"")
                                                 : put_column(printer, &aggregation->column, "")) &&
           append_text(printer, ",") && snuba_print_text(printer, aggregation->alias) &&
           append_text(printer, "]");
}

bool snuba_print_aggregations(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    bool done = snuba_print_member(printer, "aggregations") && append_text(printer, "[");
    for (size_t i = 0; done && i < query->aggregation_count; i++)
        done = put_comma(printer, i > 0) && put_aggregation(printer, &query->aggregations[i]);
    return done && append_text(printer, "]");
}

bool snuba_print_order(const struct snuba_printer *printer, const struct snuba_order *order)
{
    return put_column(printer, &order->column, order->descending ? "-" : "");
}

bool snuba_print_limit(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    return (query->limit < 0 ||
            (snuba_print_member(printer, "limit") && snuba_print_number(printer, query->limit))) &&
           (query->offset == 0 ||
            (snuba_print_member(printer, "offset") && snuba_print_number(printer, query->offset)));
}

/* ---- conditions ---- */

static bool put_literal_text(const struct snuba_printer *printer, enum snuba_column_kind column,
                             const char *text)
{
    const struct snuba_words *words = printer->dialect->words;
    bool is_key = column == SNUBA_TAGS_KEY || column == SNUBA_ALL_TAGS_KEY;
    return words->print_literal(printer, is_key ? words->key_there(text) : text);
}

/* Writes a flag's text as its number, in the same order as texts: "", "no", "yes". Any other text
   becomes 2, which equals no flag. */
static bool put_flag(const struct snuba_printer *printer, const char *text)
{
    return append_text(printer, text_equal(text, "")      ? "-1"
                                : text_equal(text, "no")  ? "0"
                                : text_equal(text, "yes") ? "1"
                                                          : "2");
}

static bool put_value(const struct snuba_printer *printer, const struct snuba_condition *condition,
                      size_t i)
{
    const struct snuba_literal *literal = &condition->literal;
    switch (literal->kind) {
    case SNUBA_TEXT:
        return snuba_column_is_flag(&condition->column)
                   ? put_flag(printer, literal->texts[i])
                   : put_literal_text(printer, condition->column.kind, literal->texts[i]);
    case SNUBA_NUMBER:
        return snuba_print_number(printer, literal->numbers[i]);
    case SNUBA_TIME:
        return snuba_print_time(printer, literal->numbers[i]);
    case SNUBA_NOTHING:
        break;
    }
    return append_text(printer, "null");
}

static bool put_values(const struct snuba_printer *printer, const struct snuba_condition *condition)
{
    if (condition->compare != SNUBA_IN)
        return put_value(printer, condition, 0);
    bool done = append_text(printer, "[");
    for (size_t i = 0; done && i < condition->literal.count; i++)
        done = put_comma(printer, i > 0) && put_value(printer, condition, i);
    return done && append_text(printer, "]");
}

/* ["column", "operator", value] */
static bool put_condition(const struct snuba_printer *printer,
                          const struct snuba_condition *condition)
{
    static const char *const operators[] = {
        [SNUBA_EQUAL] = "=",
        [SNUBA_NOT_EQUAL] = "!=",
        [SNUBA_GREATER] = ">",
        [SNUBA_GREATER_OR_EQUAL] = ">=",
        [SNUBA_LESS] = "<",
        [SNUBA_LESS_OR_EQUAL] = "<=",
        [SNUBA_IN] = "IN",
        [SNUBA_IS_NULL] = "IS NULL",
        [SNUBA_IS_NOT_NULL] = "IS NOT NULL",
    };
    return append_text(printer, "[") && put_column(printer, &condition->column, "") &&
           append_text(printer, ",") && snuba_print_text(printer, operators[condition->compare]) &&
           append_text(printer, ",") && put_values(printer, condition) && append_text(printer, "]");
}

/* Several alternatives are written as a list in place of a condition. */
static bool put_any_of(const struct snuba_printer *printer,
                       const struct snuba_condition *conditions, size_t count)
{
    if (count == 1)
        return put_condition(printer, conditions);
    bool done = append_text(printer, "[");
    for (size_t i = 0; done && i < count; i++)
        done = put_comma(printer, i > 0) && put_condition(printer, &conditions[i]);
    return done && append_text(printer, "]");
}

/* Appends a condition for a list of ids; an empty list gives none. */
static bool put_ids(const struct snuba_printer *printer, enum snuba_column_kind column,
                    const int64_t *ids, size_t count)
{
    const struct snuba_condition condition = {
        .column = {.kind = column},
        .compare = SNUBA_IN,
        .literal = {.kind = SNUBA_NUMBER, .numbers = ids, .count = count}};
    return count == 0 || (append_text(printer, ",") && put_condition(printer, &condition));
}

/* Events without an environment belong to the one with an empty name. The server has NULL for it,
   or "" (in 2020, for an event with an empty tag). */
static bool put_environment(const struct snuba_printer *printer, const char *const *name)
{
    static const struct snuba_condition is_null = {.column = {.kind = SNUBA_ENVIRONMENT},
                                                   .compare = SNUBA_IS_NULL};
    const struct snuba_condition is_named = {
        .column = {.kind = SNUBA_ENVIRONMENT},
        .compare = SNUBA_IN,
        .literal = {.kind = SNUBA_TEXT, .texts = name, .count = 1}};
    return (name[0][0] != '\0' ||
            (put_condition(printer, &is_null) && append_text(printer, ","))) &&
           put_condition(printer, &is_named);
}

/* Several environments, and the one without a name, need a list of alternatives. */
static bool put_environments(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    if (query->environment_count == 0)
        return true;
    if (query->environment_count == 1 && query->environments[0][0] != '\0')
        return append_text(printer, ",") && put_environment(printer, query->environments);
    bool done = append_text(printer, ",[");
    for (size_t i = 0; done && i < query->environment_count; i++)
        done = put_comma(printer, i > 0) && put_environment(printer, &query->environments[i]);
    return done && append_text(printer, "]");
}

static bool put_project_condition(const struct snuba_printer *printer)
{
    const struct snuba_condition condition = {.column = {.kind = SNUBA_PROJECT_ID},
                                              .compare = SNUBA_IN,
                                              .literal = {.kind = SNUBA_NUMBER,
                                                          .numbers = printer->query->project_ids,
                                                          .count = printer->query->project_count}};
    return put_condition(printer, &condition);
}

bool snuba_print_conditions(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    bool done = snuba_print_member(printer, "conditions") && append_text(printer, "[");
    for (size_t i = 0; done && i < query->condition_count; i++)
        done = put_any_of(printer, query->conditions[i].conditions, query->conditions[i].count) &&
               append_text(printer, ",");
    return done && put_project_condition(printer) && put_environments(printer) &&
           put_ids(printer, SNUBA_GROUP_ID, query->group_ids, query->group_count) &&
           append_text(printer, "]");
}

bool snuba_print_having(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    bool done = snuba_print_member(printer, "having") && append_text(printer, "[");
    for (size_t i = 0; done && i < query->having_count; i++)
        done = put_comma(printer, i > 0) && put_condition(printer, &query->having[i]);
    return done && append_text(printer, "]");
}
