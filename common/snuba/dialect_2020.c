/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Snuba of 24 March 2020.
 *
 * Tested by tests/unit/snuba/dialect_print_test.c and tests/unit/snuba/dialect_tags_test.c.
 */
#include "snuba/dialect_print.h"

static const char *same_key(const char *key)
{
    return key;
}

/* A tag that is a column is also stored among the tags. */
static bool is_apart(const char *key)
{
    (void)key;
    return false;
}

static bool check_query(const struct snuba_query *query, struct error *error)
{
    return query->having_count == 0 || query->groupby_count > 0 ||
           error_set(error, ERROR_QUERY, "the 2020 dialect has no having without groupby");
}

/* ---- the body ---- */

static bool append_text(const struct snuba_printer *printer, const char *text)
{
    return buffer_append_text(printer->body, text, printer->error);
}

static bool print_orderby(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    if (query->orderby_count == 0)
        return true;
    bool done = snuba_print_member(printer, "orderby") && append_text(printer, "[");
    for (size_t i = 0; done && i < query->orderby_count; i++)
        done =
            (i == 0 || append_text(printer, ",")) && snuba_print_order(printer, &query->orderby[i]);
    return done && append_text(printer, "]");
}

static bool print_limitby(const struct snuba_printer *printer)
{
    const struct snuba_order column = {.column = printer->query->limitby_column};
    return printer->query->limitby == 0 ||
           (snuba_print_member(printer, "limitby") && append_text(printer, "[") &&
            snuba_print_number(printer, printer->query->limitby) && append_text(printer, ",") &&
            snuba_print_order(printer, &column) && append_text(printer, "]"));
}

static bool print_rows(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    return print_orderby(printer) && print_limitby(printer) && snuba_print_limit(printer) &&
           (!query->totals ||
            (snuba_print_member(printer, "totals") && append_text(printer, "true")));
}

static bool print_request(const struct snuba_printer *printer)
{
    const struct snuba_query *query = printer->query;
    return snuba_print_member(printer, "dataset") && snuba_print_text(printer, "events") &&
           snuba_print_member(printer, "project") &&
           snuba_print_numbers(printer, query->project_ids, query->project_count) &&
           snuba_print_member(printer, "from_date") && snuba_print_time(printer, query->from) &&
           snuba_print_member(printer, "to_date") && snuba_print_time(printer, query->to) &&
           snuba_print_groupby(printer) && snuba_print_member(printer, "selected_columns") &&
           append_text(printer, "[]") && snuba_print_conditions(printer) &&
           snuba_print_aggregations(printer) &&
           (query->having_count == 0 || snuba_print_having(printer)) && print_rows(printer) &&
           snuba_print_member(printer, "consistent") && append_text(printer, "false");
}

static const struct snuba_words words = {
    .columns = {[SNUBA_TIMESTAMP] = "timestamp",
                [SNUBA_PROJECT_ID] = "project_id",
                [SNUBA_ENVIRONMENT] = "environment",
                [SNUBA_GROUP_ID] = "group_id",
                [SNUBA_EVENT_ID] = "event_id",
                [SNUBA_RELEASE] = "tags[sentry:release]",
                [SNUBA_TAGS_KEY] = "tags_key",
                [SNUBA_TAGS_VALUE] = "tags_value",
                [SNUBA_ALL_TAGS_KEY] = "tags_key",
                [SNUBA_ALL_TAGS_VALUE] = "tags_value",
                [SNUBA_USER_ID] = "user_id",
                [SNUBA_EMAIL] = "email",
                [SNUBA_USERNAME] = "username",
                [SNUBA_IP_ADDRESS] = "ip_address"},
    .functions = {[SNUBA_COUNT] = "count()",
                  [SNUBA_UNIQ] = "uniqExact", /* the server passes any function to ClickHouse */
                  [SNUBA_UNIQ_ABOUT] = "uniq",
                  [SNUBA_MIN] = "min",
                  [SNUBA_MAX] = "max"},
    .print_literal = snuba_print_text,
    .key_there = same_key,
    .key_here = same_key,
    .is_apart = is_apart,
    .check = check_query,
    .print = print_request,
};

const struct snuba_dialect snuba_dialect_2020 = {.name = "2020",
                                                 .needs_hashes = false,
                                                 .sorts_by_tags = true,
                                                 .refuses_by_html = false,
                                                 .has_limitby = true,
                                                 .orderby_max = SIZE_MAX,
                                                 .limit_max = 10000,
                                                 .words = &words};
