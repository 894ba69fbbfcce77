/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Snuba of 17 April 2018: the names of its columns, the queries that it cannot answer
 * (check_query), and the layout of a request (print_request).
 *
 * Tested by tests/unit/snuba/dialect_print_test.c and tests/unit/snuba/dialect_tags_test.c.
 */
#include "base/text.h"
#include "snuba/dialect_print.h"
#include "wire/clean_text.h"

/* ---- tags that are columns ---- */

/* Sentry's tags that the server stores in columns, and only there. The names of some columns differ
   from the keys. */
static const struct {
    const char *key, *column;
} promoted[] = {
    {"sentry:release", "release"},
    {"sentry:dist", "dist"},
    {"sentry:user", "user"},
    {"app.device", "app_device"},
    {"device.family", "device_family"},
    {"runtime.name", "runtime_name"},
    {"browser.name", "browser_name"},
    {"os.name", "os_name"},
    {"os.rooted", "os_rooted"},
    {"level", "level"},
    {"logger", "logger"},
    {"server_name", "server_name"},
    {"transaction", "transaction"},
    {"environment", "environment"},
    {"site", "site"},
    {"url", "url"},
    {"device", "device"},
    {"runtime", "runtime"},
    {"browser", "browser"},
    {"os", "os"},
};

/* The server's name of a tag. */
static const char *key_there(const char *key)
{
    for (size_t i = 0; i < ARRAY_LENGTH(promoted); i++)
        if (text_equal(promoted[i].key, key))
            return promoted[i].column;
    return key;
}

/* The tag for a name in an answer. */
static const char *key_here(const char *answered)
{
    for (size_t i = 0; i < ARRAY_LENGTH(promoted); i++)
        if (text_equal(promoted[i].column, answered))
            return promoted[i].key;
    return answered;
}

static bool is_promoted(const char *key)
{
    for (size_t i = 0; i < ARRAY_LENGTH(promoted); i++)
        if (text_equal(promoted[i].key, key))
            return true;
    return false;
}

/* ---- texts in conditions ---- */

/* The server pastes a text into an SQL literal and escapes quotes only, so backslashes are doubled.
   Bytes that are not ASCII are written as \xNN, because the server's Python 2 fails on them and
   answers with an HTML page. */
static bool escape_text(const char *text, struct buffer *escaped, struct error *error)
{
    bool done = true;
    for (const unsigned char *at = (const unsigned char *)text; done && *at != '\0'; at++)
        if (*at >= 0x80)
            done = buffer_printf(escaped, error, "\\x%02X", *at);
        else
            done = *at == '\\' ? buffer_append_text(escaped, "\\\\", error)
                               : buffer_append_byte(escaped, (char)*at, error);
    return done;
}

static bool print_literal(const struct snuba_printer *printer, const char *text)
{
    struct buffer escaped;
    buffer_init(&escaped, 4 * strlen(text) + 1);
    bool done = clean_text_is_clean(text, strlen(text)) ||
                error_set(printer->error, ERROR_INVALID, "a text is not UTF-8");
    done = done && escape_text(text, &escaped, printer->error) &&
           snuba_print_text(printer, escaped.size == 0 ? "" : escaped.data);
    buffer_free(&escaped);
    return done;
}

/* ---- queries that the server cannot answer ---- */

static bool refuse_query(struct error *error, const char *what)
{
    return error_set(error, ERROR_QUERY, "the 2018 dialect has no %s", what);
}

/* The server sorts only by columns with an alias. By any other column it does not sort, and reports
   no error. A tag and the group have an alias if the query groups by them. */
static bool check_order(const struct snuba_query *query, struct error *error)
{
    if (query->orderby_count == 0 || query->orderby[0].column.kind == SNUBA_ALIAS)
        return true;
    const struct snuba_column *column = &query->orderby[0].column;
    bool aliased = column->kind == SNUBA_TAG || column->kind == SNUBA_GROUP_ID;
    for (size_t i = 0; aliased && i < query->groupby_count; i++)
        if (query->groupby[i].kind == column->kind &&
            (column->kind != SNUBA_TAG || text_equal(query->groupby[i].name, column->name)))
            return true;
    return refuse_query(error, "order by a column without an alias");
}

/* Arrayjoin goes through the stored tags only: it never finds a tag that is a column. */
static bool check_tag_keys(const struct snuba_query *query, struct error *error)
{
    for (size_t i = 0; i < query->condition_count; i++)
        for (size_t j = 0; j < query->conditions[i].count; j++) {
            const struct snuba_condition *condition = &query->conditions[i].conditions[j];
            if (condition->column.kind != SNUBA_TAGS_KEY || condition->literal.kind != SNUBA_TEXT)
                continue;
            for (size_t n = 0; n < condition->literal.count; n++)
                if (is_promoted(condition->literal.texts[n]))
                    return refuse_query(error, "arrayjoin over a tag that is a column");
        }
    return true;
}

static bool uses_arrayjoin(const struct snuba_query *query)
{
    return snuba_query_uses(query, SNUBA_TAGS_KEY) || snuba_query_uses(query, SNUBA_TAGS_VALUE);
}

/* Arrayjoin replaces an event's list of tags by one tag, and the column of a stored tag is read
   from that list. */
static bool is_stored_tag(const struct snuba_column *column)
{
    return column->kind == SNUBA_TAG && !is_promoted(column->name);
}

/* Whether the query groups by, aggregates or compares a stored tag. */
static bool uses_stored_tag(const struct snuba_query *query)
{
    bool used = false;
    for (size_t i = 0; i < query->groupby_count; i++)
        used |= is_stored_tag(&query->groupby[i]);
    for (size_t i = 0; i < query->aggregation_count; i++)
        used |= query->aggregations[i].function != SNUBA_COUNT &&
                is_stored_tag(&query->aggregations[i].column);
    for (size_t i = 0; i < query->condition_count; i++)
        for (size_t j = 0; j < query->conditions[i].count; j++)
            used |= is_stored_tag(&query->conditions[i].conditions[j].column);
    return used;
}

/* The server lists all tags only for an aggregation over them, and never together with arrayjoin.
 */
static bool check_all_tags(const struct snuba_query *query, struct error *error)
{
    if (!snuba_query_uses(query, SNUBA_ALL_TAGS_KEY) &&
        !snuba_query_uses(query, SNUBA_ALL_TAGS_VALUE))
        return true;
    if (uses_arrayjoin(query))
        return refuse_query(error, "two ways through the tags at once");
    return snuba_query_counts(query, SNUBA_ALL_TAGS_KEY) ||
           snuba_query_counts(query, SNUBA_ALL_TAGS_VALUE) ||
           refuse_query(error, "grouping by all tags without an aggregation over them");
}

static bool check_query(const struct snuba_query *query, struct error *error)
{
    if (query->having_count > 0)
        return refuse_query(error, "having");
    if (query->totals)
        return refuse_query(error, "totals");
    if (query->limitby > 0)
        return refuse_query(error, "limitby");
    if (query->offset > 0 && query->limit < 0)
        return refuse_query(error, "offset without a limit");
    if (uses_arrayjoin(query) && uses_stored_tag(query))
        return refuse_query(error, "arrayjoin beside the column of another tag");
    return check_order(query, error) && check_tag_keys(query, error) &&
           check_all_tags(query, error);
}

/* ---- the body ---- */

static bool append_text(const struct snuba_printer *printer, const char *text)
{
    return buffer_append_text(printer->body, text, printer->error);
}

/* [id, ["hash", ...]] */
static bool print_group(const struct snuba_printer *printer, const struct snuba_group_hashes *group)
{
    bool done = append_text(printer, "[") && snuba_print_number(printer, group->group_id) &&
                append_text(printer, ",[");
    for (size_t i = 0; done && i < group->count; i++)
        done = (i == 0 || append_text(printer, ",")) && snuba_print_text(printer, group->hashes[i]);
    return done && append_text(printer, "]]");
}

/* Without this map every event has the issue 0. A group without hashes has no events. */
static bool print_issues(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    if (query->issue_count == 0)
        return true;
    bool done = snuba_print_member(printer, "issues") && append_text(printer, "[");
    for (size_t i = 0; done && i < query->issue_count; i++)
        done = (i == 0 || append_text(printer, ",")) && print_group(printer, &query->issues[i]);
    return done && append_text(printer, "]");
}

static bool print_rows(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    return snuba_print_limit(printer) &&
           (query->orderby_count == 0 || (snuba_print_member(printer, "orderby") &&
                                          snuba_print_order(printer, &query->orderby[0])));
}

/* The server includes the second of to_date; a query's `to` is exclusive. */
static bool print_request(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    return snuba_print_member(printer, "project") &&
           snuba_print_numbers(printer, query->project_ids, query->project_count) &&
           snuba_print_member(printer, "from_date") && snuba_print_time(printer, query->from) &&
           snuba_print_member(printer, "to_date") &&
           snuba_print_time(printer, query->to - USEC_PER_SECOND) && snuba_print_groupby(printer) &&
           snuba_print_conditions(printer) && snuba_print_aggregations(printer) &&
           print_issues(printer) &&
           (!uses_arrayjoin(query) ||
            (snuba_print_member(printer, "arrayjoin") && snuba_print_text(printer, "tags"))) &&
           print_rows(printer);
}

static const struct snuba_words words = {
    .columns = {[SNUBA_TIMESTAMP] = "timestamp",
                [SNUBA_PROJECT_ID] = "project_id",
                [SNUBA_ENVIRONMENT] = "environment",
                [SNUBA_GROUP_ID] = "issue",
                [SNUBA_EVENT_ID] = "event_id",
                [SNUBA_RELEASE] = "release",
                [SNUBA_TAGS_KEY] = "tags.key",
                [SNUBA_TAGS_VALUE] = "tags.value",
                [SNUBA_ALL_TAGS_KEY] = "tags_key",
                [SNUBA_ALL_TAGS_VALUE] = "tags_value",
                [SNUBA_USER_ID] = "user_id",
                [SNUBA_EMAIL] = "email",
                [SNUBA_USERNAME] = "username",
                [SNUBA_IP_ADDRESS] = "ip_address"},
    .functions = {[SNUBA_COUNT] = "count",
                  [SNUBA_UNIQ] = "uniq",
                  [SNUBA_UNIQ_ABOUT] = "uniq",
                  [SNUBA_MIN] = "min",
                  [SNUBA_MAX] = "max"},
    .print_literal = print_literal,
    .key_there = key_there,
    .key_here = key_here,
    .is_apart = is_promoted,
    .check = check_query,
    .print = print_request,
};

const struct snuba_dialect snuba_dialect_2018 = {.name = "2018",
                                                 .needs_hashes = true,
                                                 .sorts_by_tags = false,
                                                 .refuses_by_html = true,
                                                 .has_limitby = false,
                                                 .orderby_max = 1,
                                                 .limit_max = 0,
                                                 .words = &words};
