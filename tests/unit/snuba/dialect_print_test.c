/* SPDX-License-Identifier: Apache-2.0 */
/* Queries as both dialects print them, byte for byte, in the forms that real servers have accepted.
 */
#include "dialect_fixture.h"

/* ---- queries that both dialects can express ---- */

static void test_count(void **state)
{
    (void)state;
    struct snuba_query query = query_of_project();
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[],\"conditions\":[[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count\",\"\",\"count\"]]}");
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[],\"selected_columns\":[],"
                     "\"conditions\":[[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count()\",\"\",\"count\"]],\"consistent\":false}");
}

/* The exact function where the server has it, and the approximate one. */
static void test_distinct_values(void **state)
{
    (void)state;
    const struct snuba_aggregation values[] = {
        {.function = SNUBA_UNIQ, .column = foo, .alias = "exact"},
        {.function = SNUBA_UNIQ_ABOUT, .column = foo, .alias = "about"}};
    struct snuba_query query = query_of_project();
    query.aggregations = values;
    query.aggregation_count = ARRAY_LENGTH(values);
    query.patience_ms = 5000; /* used by the client, not printed */
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[],\"conditions\":[[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"uniq\",\"tags[foo]\",\"exact\"],"
                     "[\"uniq\",\"tags[foo]\",\"about\"]]}");
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[],\"selected_columns\":[],"
                     "\"conditions\":[[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"uniqExact\",\"tags[foo]\",\"exact\"],"
                     "[\"uniq\",\"tags[foo]\",\"about\"]],\"consistent\":false}");
}

/* get_group_tag_values, as Sentry asked the server of 2018, but with a limit. */
static void test_group_tag_values(void **state)
{
    (void)state;
    static const char *const empty[] = {""};
    const struct snuba_condition has_foo = {
        foo, SNUBA_NOT_EQUAL, {.kind = SNUBA_TEXT, .texts = empty, .count = 1}};
    const struct snuba_any_of conditions[] = {{&has_foo, 1}};
    const struct snuba_order newest = {{SNUBA_ALIAS, "first_seen"}, true};
    struct snuba_query query = query_of_project();
    query.environments = environments;
    query.environment_count = 1;
    query.group_ids = groups;
    query.group_count = 1;
    query.issues = issues;
    query.issue_count = 2;
    query.groupby = &foo;
    query.groupby_count = 1;
    query.aggregation_count = 3;
    query.conditions = conditions;
    query.condition_count = 1;
    query.orderby = &newest;
    query.orderby_count = 1;
    query.limit = 1000;
    expect("2018", &query,
           HEAD_2018
           ",\"groupby\":[\"tags[foo]\"],\"conditions\":[[\"tags[foo]\",\"!=\",\"\"],"
           "[\"project_id\",\"IN\",[10]],[\"environment\",\"IN\",[\"test\"]],"
           "[\"issue\",\"IN\",[101]]],\"aggregations\":" SUMS_2018
           ",\"issues\":[[101,[\"11111111111111111111111111111111\","
           "\"22222222222222222222222222222222\"]],[102,[\"22222222222222222222222222222222\"]]],"
           "\"limit\":1000,\"orderby\":\"-first_seen\"}");
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[\"tags[foo]\"],\"selected_columns\":[],"
                     "\"conditions\":[[\"tags[foo]\",\"!=\",\"\"],[\"project_id\",\"IN\",[10]],"
                     "[\"environment\",\"IN\",[\"test\"]],[\"group_id\",\"IN\",[101]]],"
                     "\"aggregations\":" SUMS_2020
                     ",\"orderby\":[\"-first_seen\"],\"limit\":1000,\"consistent\":false}");
}

/* Several alternatives are a list in place of a condition; a single one is a condition. */
static void test_alternatives(void **state)
{
    (void)state;
    static const char *const idents[] = {"user1", "user2"};
    static const char *const email[] = {"user1@sentry.io"};
    const struct snuba_condition users[] = {
        {{.kind = SNUBA_USER_ID}, SNUBA_IN, {.kind = SNUBA_TEXT, .texts = idents, .count = 2}},
        {{.kind = SNUBA_EMAIL}, SNUBA_EQUAL, {.kind = SNUBA_TEXT, .texts = email, .count = 1}}};
    const struct snuba_condition others[] = {
        {{.kind = SNUBA_USERNAME}, SNUBA_IS_NOT_NULL, {.kind = SNUBA_NOTHING}},
        {{.kind = SNUBA_IP_ADDRESS}, SNUBA_IS_NULL, {.kind = SNUBA_NOTHING}},
        {{.kind = SNUBA_EVENT_ID},
         SNUBA_GREATER_OR_EQUAL,
         {.kind = SNUBA_TEXT, .texts = email, .count = 1}}};
    const struct snuba_any_of conditions[] = {{users, 2}, {others, 1}, {others, 3}};
    struct snuba_query query = query_of_project();
    query.conditions = conditions;
    query.condition_count = 3;
#define ALTERNATIVES                                                                               \
    "\"conditions\":[[[\"user_id\",\"IN\",[\"user1\",\"user2\"]],"                                 \
    "[\"email\",\"=\",\"user1@sentry.io\"]],[\"username\",\"IS NOT NULL\",null],"                  \
    "[[\"username\",\"IS NOT NULL\",null],[\"ip_address\",\"IS NULL\",null],"                      \
    "[\"event_id\",\">=\",\"user1@sentry.io\"]],[\"project_id\",\"IN\",[10]]]"
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[]," ALTERNATIVES
                     ",\"aggregations\":[[\"count\",\"\",\"count\"]]}");
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[],\"selected_columns\":[]," ALTERNATIVES
                     ",\"aggregations\":[[\"count()\",\"\",\"count\"]],\"consistent\":false}");
}

/* For the environment without a name, the server has NULL or "". */
static void test_environments(void **state)
{
    (void)state;
    static const char *const names[] = {"", "prod\\1"};
    struct snuba_query query = query_of_project();
    query.environments = names;
    query.environment_count = 1;
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[],\"conditions\":[[\"project_id\",\"IN\",[10]],"
                     "[[\"environment\",\"IS NULL\",null],[\"environment\",\"IN\",[\"\"]]]],"
                     "\"aggregations\":[[\"count\",\"\",\"count\"]]}");
    query.environment_count = 2;
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[],\"conditions\":[[\"project_id\",\"IN\",[10]],"
                     "[[\"environment\",\"IS NULL\",null],[\"environment\",\"IN\",[\"\"]],"
                     "[\"environment\",\"IN\",[\"prod\\\\\\\\1\"]]]],"
                     "\"aggregations\":[[\"count\",\"\",\"count\"]]}");
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[],\"selected_columns\":[],"
                     "\"conditions\":[[\"project_id\",\"IN\",[10]],"
                     "[[\"environment\",\"IS NULL\",null],[\"environment\",\"IN\",[\"\"]],"
                     "[\"environment\",\"IN\",[\"prod\\\\1\"]]]],"
                     "\"aggregations\":[[\"count()\",\"\",\"count\"]],\"consistent\":false}");
}

/* ---- literals ---- */

static void expect_literal(const char *value, const char *in_2018, const char *in_2020)
{
    const struct snuba_condition condition = {
        foo, SNUBA_EQUAL, {.kind = SNUBA_TEXT, .texts = &value, .count = 1}};
    const struct snuba_any_of conditions[] = {{&condition, 1}};
    struct snuba_query query = query_of_project();
    char expected[2048];
    query.conditions = conditions;
    query.condition_count = 1;
    (void)snprintf(expected, sizeof(expected),
                   HEAD_2018 ",\"groupby\":[],\"conditions\":[[\"tags[foo]\",\"=\",\"%s\"],"
                             "[\"project_id\",\"IN\",[10]]],"
                             "\"aggregations\":[[\"count\",\"\",\"count\"]]}",
                   in_2018);
    expect("2018", &query, expected);
    (void)snprintf(expected, sizeof(expected),
                   HEAD_2020 ",\"groupby\":[],\"selected_columns\":[],"
                             "\"conditions\":[[\"tags[foo]\",\"=\",\"%s\"],"
                             "[\"project_id\",\"IN\",[10]]],"
                             "\"aggregations\":[[\"count()\",\"\",\"count\"]],"
                             "\"consistent\":false}",
                   in_2020);
    expect("2020", &query, expected);
}

/* The body is ASCII. In 2018 exportd doubles the backslashes of a literal, because the server does
   not, and writes other bytes than ASCII as escapes that ClickHouse reads. */
static void test_literals(void **state)
{
    (void)state;
    expect_literal("", "", "");
    expect_literal("it's \"q\"", "it's \\\"q\\\"", "it's \\\"q\\\"");
    expect_literal("a\\", "a\\\\\\\\", "a\\\\");
    expect_literal("\\'\\\\", "\\\\\\\\'\\\\\\\\\\\\\\\\", "\\\\'\\\\\\\\");
    expect_literal("a\n\t\r\x01\x1f\x7f", "a\\u000a\\u0009\\u000d\\u0001\\u001f\\u007f",
                   "a\\u000a\\u0009\\u000d\\u0001\\u001f\\u007f");
    expect_literal("pr\xc3\xb8"
                   "d \xe2\x98\x83",
                   "pr\\\\xC3\\\\xB8d \\\\xE2\\\\x98\\\\x83", "pr\\u00f8d \\u2603");
    expect_literal("\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf",
                   "\\\\xF0\\\\x9F\\\\x98\\\\x80\\\\xF4\\\\x8F\\\\xBF\\\\xBF",
                   "\\ud83d\\ude00\\udbff\\udfff");
    expect_literal("</script>", "</script>", "</script>");
}

static void test_not_utf8(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\xff"};
    const struct snuba_condition condition = {
        foo, SNUBA_EQUAL, {.kind = SNUBA_TEXT, .texts = bad, .count = 1}};
    const struct snuba_any_of conditions[] = {{&condition, 1}};
    struct snuba_query query = query_of_project();
    query.conditions = conditions;
    query.condition_count = 1;
    refuses("2018", &query, ERROR_INVALID, "a text is not UTF-8");
    refuses("2020", &query, ERROR_INVALID, "a text is not UTF-8");
}

static void test_numbers_and_times(void **state)
{
    (void)state;
    static const int64_t numbers[] = {FROM + 999999, -5};
    const struct snuba_condition condition[] = {
        {{.kind = SNUBA_TIMESTAMP},
         SNUBA_LESS,
         {.kind = SNUBA_TIME, .numbers = numbers, .count = 1}},
        {group_id, SNUBA_LESS_OR_EQUAL, {.kind = SNUBA_NUMBER, .numbers = numbers + 1, .count = 1}},
        {group_id, SNUBA_IN, {.kind = SNUBA_NUMBER, .numbers = numbers + 1, .count = 1}}};
    const struct snuba_any_of conditions[] = {
        {condition, 1}, {condition + 1, 1}, {condition + 2, 1}};
    struct snuba_query query = query_of_project();
    query.conditions = conditions;
    query.condition_count = 3;
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[],\"conditions\":[[\"timestamp\",\"<\",\"2026-08-23T01:30:25\"]"
                     ",[\"issue\",\"<=\",-5],[\"issue\",\"IN\",[-5]],[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count\",\"\",\"count\"]]}");
}

/* ---- order, limits, having ---- */

static void test_rows_in_2020(void **state)
{
    (void)state;
    static const int64_t time[] = {FROM};
    const struct snuba_column groupby[] = {tags_key, tags_value};
    const struct snuba_order orderby[] = {
        {tags_key, false}, {{SNUBA_ALIAS, "count"}, true}, {foo, true}};
    const struct snuba_condition having[] = {{{SNUBA_ALIAS, "first_seen"},
                                              SNUBA_LESS,
                                              {.kind = SNUBA_TIME, .numbers = time, .count = 1}}};
    struct snuba_query query = query_of_project();
    query.groupby = groupby;
    query.groupby_count = 2;
    query.aggregation_count = 3;
    query.orderby = orderby;
    query.orderby_count = 3;
    query.having = having;
    query.having_count = 1;
    query.limit = 10000;
    query.offset = 7;
    query.limitby = 4;
    query.limitby_column = tags_key;
    query.totals = true;
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[\"tags_key\",\"tags_value\"],\"selected_columns\":[],"
                     "\"conditions\":[[\"project_id\",\"IN\",[10]]],\"aggregations\":" SUMS_2020
                     ",\"having\":[[\"first_seen\",\"<\",\"2026-08-23T01:30:25\"]],"
                     "\"orderby\":[\"tags_key\",\"-count\",\"-tags[foo]\"],"
                     "\"limitby\":[4,\"tags_key\"],\"limit\":10000,\"offset\":7,\"totals\":true,"
                     "\"consistent\":false}");
    query.groupby_count = 0;
    refuses("2020", &query, ERROR_QUERY, "the 2020 dialect has no having without groupby");
    query.groupby_count = 2;
    query.limit = 10001;
    refuses("2020", &query, ERROR_QUERY, "a limit is above 10000");
}

static void test_rows_in_2018(void **state)
{
    (void)state;
    const struct snuba_order orderby[] = {{group_id, false}};
    struct snuba_query query = query_of_project();
    query.groupby = &group_id;
    query.groupby_count = 1;
    query.orderby = orderby;
    query.orderby_count = 1;
    query.limit = 1000000;
    query.offset = 3;
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[\"issue\"],\"conditions\":[[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count\",\"\",\"count\"]],\"limit\":1000000,\"offset\":3,"
                     "\"orderby\":\"issue\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_distinct_values),
        cmocka_unit_test(test_group_tag_values),
        cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_environments),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_not_utf8),
        cmocka_unit_test(test_numbers_and_times),
        cmocka_unit_test(test_rows_in_2020),
        cmocka_unit_test(test_rows_in_2018),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
