/* Queries as both dialects print them, byte for byte, in the forms that recorded servers took; and
   everything that a dialect has no words for. */
#include "base/text.h"
#include "tagstore/snuba/dialect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FROM INT64_C(1787448625000000) /* 2026-08-23T01:30:25 */
#define TO   INT64_C(1795224631000000) /* 2026-11-21T01:30:31, which does not count */

#define HEAD_2018                                                                                  \
    "{\"project\":[10],\"from_date\":\"2026-08-23T01:30:25\",\"to_date\":\"2026-11-21T01:30:30\""
#define HEAD_2020                                                                                  \
    "{\"dataset\":\"events\",\"project\":[10],\"from_date\":\"2026-08-23T01:30:25\","              \
    "\"to_date\":\"2026-11-21T01:30:31\""
#define SUMS_2018                                                                                  \
    "[[\"count\",\"\",\"count\"],[\"min\",\"timestamp\",\"first_seen\"],"                          \
    "[\"max\",\"timestamp\",\"last_seen\"]]"
#define SUMS_2020                                                                                  \
    "[[\"count()\",\"\",\"count\"],[\"min\",\"timestamp\",\"first_seen\"],"                        \
    "[\"max\",\"timestamp\",\"last_seen\"]]"

static const int64_t projects[] = {10};
static const int64_t groups[] = {101};
static const char *const environments[] = {"test"};
static const char *const hashes[] = {"11111111111111111111111111111111",
                                     "22222222222222222222222222222222"};
static const struct snuba_group_hashes issues[] = {{101, hashes, 2}, {102, hashes + 1, 1}};

static const struct snuba_aggregation sums[] = {
    {.function = SNUBA_COUNT, .alias = "count"},
    {.function = SNUBA_MIN, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "first_seen"},
    {.function = SNUBA_MAX, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "last_seen"}};

static const struct snuba_column foo = {SNUBA_TAG, "foo"};
static const struct snuba_column group_id = {.kind = SNUBA_GROUP_ID};
static const struct snuba_column tags_key = {.kind = SNUBA_TAGS_KEY};
static const struct snuba_column tags_value = {.kind = SNUBA_TAGS_VALUE};
static const struct snuba_column all_tags_key = {.kind = SNUBA_ALL_TAGS_KEY};
static const struct snuba_column all_tags_value = {.kind = SNUBA_ALL_TAGS_VALUE};

static struct snuba_query query_of_project(void)
{
    return (struct snuba_query){.project_ids = projects,
                                .project_count = 1,
                                .from = FROM,
                                .to = TO,
                                .aggregations = sums,
                                .aggregation_count = 1,
                                .limit = -1};
}

static const struct snuba_dialect *dialect(const char *name)
{
    const struct snuba_dialect *found = snuba_dialect_find(name);
    assert_non_null(found);
    return found;
}

static void expect(const char *name, const struct snuba_query *query, const char *expected)
{
    struct error error;
    struct buffer body;
    buffer_init(&body, 1 << 20);
    if (!snuba_dialect_print(dialect(name), query, &body, &error))
        fail_msg("%s: %s", name, error.message);
    assert_string_equal(body.data, expected);
    buffer_free(&body);
}

static void refuses(const char *name, const struct snuba_query *query, enum error_code code,
                    const char *message)
{
    struct error error;
    struct buffer body;
    buffer_init(&body, 1 << 20);
    assert_false(snuba_dialect_print(dialect(name), query, &body, &error));
    assert_string_equal(error.message, message);
    assert_int_equal(error.code, code);
    buffer_free(&body);
}

static void both_refuse(const struct snuba_query *query, const char *message)
{
    refuses("2018", query, ERROR_QUERY, message);
    refuses("2020", query, ERROR_QUERY, message);
}

/* ---- what both can say ---- */

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

/* get_group_tag_values of spec/tagstore.md, as the server of 2018 was asked, with a limit. */
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

/* Alternatives are a list in the place of a condition; one alone is a condition. */
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

/* The environment without a name is NULL in both. */
static void test_environments(void **state)
{
    (void)state;
    static const char *const names[] = {"", "prod\\1"};
    struct snuba_query query = query_of_project();
    query.environments = names;
    query.environment_count = 1;
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[],\"conditions\":[[\"project_id\",\"IN\",[10]],"
                     "[\"environment\",\"IS NULL\",null]],"
                     "\"aggregations\":[[\"count\",\"\",\"count\"]]}");
    query.environment_count = 2;
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[],\"conditions\":[[\"project_id\",\"IN\",[10]],"
                     "[[\"environment\",\"IS NULL\",null],"
                     "[\"environment\",\"IN\",[\"prod\\\\\\\\1\"]]]],"
                     "\"aggregations\":[[\"count\",\"\",\"count\"]]}");
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[],\"selected_columns\":[],"
                     "\"conditions\":[[\"project_id\",\"IN\",[10]],"
                     "[[\"environment\",\"IS NULL\",null],"
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

/* ASCII; in 2018 the backslashes of a literal are doubled, because the server forgets to. */
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
                   "pr\\u00f8d \\u2603", "pr\\u00f8d \\u2603");
    expect_literal("\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", "\\ud83d\\ude00\\udbff\\udfff",
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

/* ---- tags, one by one ---- */

/* 2018 goes through the tags with arrayjoin; tags that are columns there are not among them. */
static void test_tags_by_key(void **state)
{
    (void)state;
    static const char *const odd[] = {"a b"};
    static const char *const browser[] = {"browser.name"};
    struct snuba_condition condition = {
        tags_key, SNUBA_EQUAL, {.kind = SNUBA_TEXT, .texts = odd, .count = 1}};
    const struct snuba_any_of conditions[] = {{&condition, 1}};
    struct snuba_query query = query_of_project();
    query.groupby = &tags_value;
    query.groupby_count = 1;
    query.conditions = conditions;
    query.condition_count = 1;
    query.limit = 2;
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[\"tags.value\"],\"conditions\":[[\"tags.key\",\"=\",\"a b\"],"
                     "[\"project_id\",\"IN\",[10]]],\"aggregations\":[[\"count\",\"\",\"count\"]],"
                     "\"arrayjoin\":\"tags\",\"limit\":2}");
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[\"tags_value\"],\"selected_columns\":[],"
                     "\"conditions\":[[\"tags_key\",\"=\",\"a b\"],[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count()\",\"\",\"count\"]],\"limit\":2,"
                     "\"consistent\":false}");
    condition.literal.texts = browser;
    refuses("2018", &query, ERROR_QUERY,
            "the 2018 dialect has no arrayjoin over a tag that is a column");
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[\"tags_value\"],\"selected_columns\":[],"
                     "\"conditions\":[[\"tags_key\",\"=\",\"browser.name\"],"
                     "[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count()\",\"\",\"count\"]],\"limit\":2,"
                     "\"consistent\":false}");
}

/* All tags, those too that are columns in 2018: only with an aggregation over them. */
static void test_all_tags(void **state)
{
    (void)state;
    const struct snuba_aggregation values[] = {
        {.function = SNUBA_COUNT, .alias = "count"},
        {.function = SNUBA_UNIQ, .column = all_tags_value, .alias = "values_seen"},
        {.function = SNUBA_TOP_K, .number = 10, .column = all_tags_value, .alias = "top"}};
    static const char *const keys[] = {"browser.name", "sentry:release", "foo"};
    const struct snuba_condition condition = {
        all_tags_key, SNUBA_IN, {.kind = SNUBA_TEXT, .texts = keys, .count = 3}};
    const struct snuba_any_of conditions[] = {{&condition, 1}};
    struct snuba_query query = query_of_project();
    query.groupby = &all_tags_key;
    query.groupby_count = 1;
    query.aggregations = values;
    query.aggregation_count = 3;
    query.conditions = conditions;
    query.condition_count = 1;
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[\"tags_key\"],\"conditions\":[[\"tags_key\",\"IN\","
                     "[\"browser_name\",\"release\",\"foo\"]],[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count\",\"\",\"count\"],"
                     "[\"uniq\",\"tags_value\",\"values_seen\"],"
                     "[\"topK(10)\",\"tags_value\",\"top\"]]}");
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[\"tags_key\"],\"selected_columns\":[],\"conditions\":["
                     "[\"tags_key\",\"IN\",[\"browser.name\",\"sentry:release\",\"foo\"]],"
                     "[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count()\",\"\",\"count\"],"
                     "[\"uniqExact\",\"tags_value\",\"values_seen\"],"
                     "[\"topK(10)\",\"tags_value\",\"top\"]],\"consistent\":false}");
    query.aggregation_count = 1;
    refuses("2018", &query, ERROR_QUERY,
            "the 2018 dialect has no grouping by all tags without an aggregation over them");
}

/* The server would look for the column's tag in the one tag that arrayjoin has put there. */
static void test_arrayjoin_beside_a_tag(void **state)
{
    (void)state;
    static const char *const values[] = {"v"};
    const struct snuba_condition condition[] = {
        {tags_key, SNUBA_EQUAL, {.kind = SNUBA_TEXT, .texts = values, .count = 1}},
        {foo, SNUBA_EQUAL, {.kind = SNUBA_TEXT, .texts = values, .count = 1}},
        {{SNUBA_TAG, "level"}, SNUBA_EQUAL, {.kind = SNUBA_TEXT, .texts = values, .count = 1}}};
    struct snuba_any_of conditions[] = {{condition, 1}, {condition + 1, 1}};
    struct snuba_query query = query_of_project();
    query.conditions = conditions;
    query.condition_count = 2;
    refuses("2018", &query, ERROR_QUERY,
            "the 2018 dialect has no arrayjoin beside the column of another tag");
    conditions[1].conditions = condition + 2; /* which is no tag there */
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[],\"conditions\":[[\"tags.key\",\"=\",\"v\"],"
                     "[\"tags[level]\",\"=\",\"v\"],[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count\",\"\",\"count\"]],\"arrayjoin\":\"tags\"}");
}

static void test_two_ways_through_tags(void **state)
{
    (void)state;
    const struct snuba_column groupby[] = {tags_key, all_tags_key};
    const struct snuba_aggregation values = {
        .function = SNUBA_UNIQ, .column = all_tags_value, .alias = "n"};
    struct snuba_query query = query_of_project();
    query.groupby = groupby;
    query.groupby_count = 2;
    query.aggregations = &values;
    refuses("2018", &query, ERROR_QUERY,
            "the 2018 dialect has no two ways through the tags at once");
}

/* ---- columns ---- */

static void expect_column(const char *name, struct snuba_column column, const char *expected)
{
    struct error error;
    const char *printed = NULL;
    struct arena *arena = arena_new(1 << 16);
    assert_non_null(arena);
    if (!snuba_dialect_column(dialect(name), &column, arena, &printed, &error))
        fail_msg("%s", error.message);
    assert_string_equal(printed, expected);
    arena_free(arena);
}

static void test_columns(void **state)
{
    (void)state;
    static const struct {
        struct snuba_column column;
        const char *in_2018, *in_2020;
    } cases[] = {
        {{.kind = SNUBA_TIMESTAMP}, "timestamp", "timestamp"},
        {{.kind = SNUBA_PROJECT_ID}, "project_id", "project_id"},
        {{.kind = SNUBA_ENVIRONMENT}, "environment", "environment"},
        {{.kind = SNUBA_GROUP_ID}, "issue", "group_id"},
        {{.kind = SNUBA_EVENT_ID}, "event_id", "event_id"},
        {{.kind = SNUBA_RELEASE}, "release", "tags[sentry:release]"},
        {{SNUBA_TAG, "foo"}, "tags[foo]", "tags[foo]"},
        {{SNUBA_TAG, "a.B-c_9:d"}, "tags[a.B-c_9:d]", "tags[a.B-c_9:d]"},
        {{SNUBA_TAG, "sentry:release"}, "tags[release]", "tags[sentry:release]"},
        {{SNUBA_TAG, "sentry:user"}, "tags[user]", "tags[sentry:user]"},
        {{SNUBA_TAG, "sentry:dist"}, "tags[dist]", "tags[sentry:dist]"},
        {{SNUBA_TAG, "os.name"}, "tags[os_name]", "tags[os.name]"},
        {{SNUBA_TAG, "os"}, "tags[os]", "tags[os]"},
        {{.kind = SNUBA_TAGS_KEY}, "tags.key", "tags_key"},
        {{.kind = SNUBA_TAGS_VALUE}, "tags.value", "tags_value"},
        {{.kind = SNUBA_ALL_TAGS_KEY}, "tags_key", "tags_key"},
        {{.kind = SNUBA_ALL_TAGS_VALUE}, "tags_value", "tags_value"},
        {{.kind = SNUBA_USER_ID}, "user_id", "user_id"},
        {{.kind = SNUBA_EMAIL}, "email", "email"},
        {{.kind = SNUBA_USERNAME}, "username", "username"},
        {{.kind = SNUBA_IP_ADDRESS}, "ip_address", "ip_address"},
        {{SNUBA_ALIAS, "first_seen"}, "first_seen", "first_seen"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        expect_column("2018", cases[i].column, cases[i].in_2018);
        expect_column("2020", cases[i].column, cases[i].in_2020);
    }
}

static void test_tag_keys(void **state)
{
    (void)state;
    assert_string_equal(snuba_dialect_tag_key(dialect("2018"), "release"), "sentry:release");
    assert_string_equal(snuba_dialect_tag_key(dialect("2018"), "os_rooted"), "os.rooted");
    assert_string_equal(snuba_dialect_tag_key(dialect("2018"), "server_name"), "server_name");
    assert_string_equal(snuba_dialect_tag_key(dialect("2018"), "foo"), "foo");
    assert_string_equal(snuba_dialect_tag_key(dialect("2020"), "release"), "release");
    assert_string_equal(snuba_dialect_tag_key(dialect("2020"), "os_rooted"), "os_rooted");
}

static void test_keys_without_a_column(void **state)
{
    (void)state;
    static const char *const odd[] = {"", "a b", "a]", "t\xc3\xa4g", "a\nb", "a'b", "a\\"};
    struct snuba_query query = query_of_project();
    query.groupby_count = 1;
    for (size_t i = 0; i < ARRAY_LENGTH(odd); i++) {
        const struct snuba_column column = {SNUBA_TAG, odd[i]};
        assert_false(snuba_dialect_has_tag_column(odd[i]));
        query.groupby = &column;
        both_refuse(&query, "snuba can not be asked for a tag key with other characters than "
                            "letters, digits and _.:-");
    }
    assert_true(snuba_dialect_has_tag_column("aZ09_.:-"));
}

static void test_long_key(void **state)
{
    (void)state;
    char key[600];
    (void)memset(key, 'k', sizeof(key));
    key[sizeof(key) - 1] = '\0';
    const struct snuba_column column = {SNUBA_TAG, key};
    struct snuba_query query = query_of_project();
    query.groupby = &column;
    query.groupby_count = 1;
    both_refuse(&query, "a column's name is too long for snuba");
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

static void test_what_2018_does_not_know(void **state)
{
    (void)state;
    static const int64_t one[] = {1};
    static const struct snuba_column bar = {SNUBA_TAG, "bar"};
    const struct snuba_order orderby[] = {{{SNUBA_ALIAS, "count"}, true}, {foo, false}};
    const struct snuba_condition having[] = {{{SNUBA_ALIAS, "count"},
                                              SNUBA_GREATER,
                                              {.kind = SNUBA_NUMBER, .numbers = one, .count = 1}}};
    struct snuba_query query = query_of_project();
    query.groupby = &foo;
    query.groupby_count = 1;
    query.having = having;
    query.having_count = 1;
    refuses("2018", &query, ERROR_QUERY, "the 2018 dialect has no having");
    query.having_count = 0;
    query.totals = true;
    refuses("2018", &query, ERROR_QUERY, "the 2018 dialect has no totals");
    query.totals = false;
    query.limitby = 1;
    refuses("2018", &query, ERROR_QUERY, "the 2018 dialect has no limitby");
    query.limitby = 0;
    query.offset = 1;
    refuses("2018", &query, ERROR_QUERY, "the 2018 dialect has no offset without a limit");
    query.offset = 0;
    query.orderby = orderby;
    query.orderby_count = 2;
    refuses("2018", &query, ERROR_QUERY, "the 2018 dialect sorts by 1 key only");
    query.orderby = orderby + 1;
    query.orderby_count = 1;
    query.groupby = &bar; /* not the column that it is sorted by */
    refuses("2018", &query, ERROR_QUERY,
            "the 2018 dialect has no order by a column without an "
            "alias");
}

/* Asked to sort by one of these, the server sorts nothing and says nothing. */
static void test_order_without_an_alias(void **state)
{
    (void)state;
    static const enum snuba_column_kind kinds[] = {SNUBA_EVENT_ID, SNUBA_RELEASE, SNUBA_USER_ID,
                                                   SNUBA_TAGS_VALUE, SNUBA_TIMESTAMP};
    struct snuba_query query = query_of_project();
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        const struct snuba_column column = {.kind = kinds[i]};
        const struct snuba_order order = {column, false};
        query.groupby = &column;
        query.groupby_count = 1;
        query.orderby = &order;
        query.orderby_count = 1;
        refuses("2018", &query, ERROR_QUERY,
                "the 2018 dialect has no order by a column without an alias");
    }
}

/* ---- what is no query ---- */

static void test_incomplete_queries(void **state)
{
    (void)state;
    struct snuba_query query = query_of_project();
    query.project_count = 0;
    both_refuse(&query, "a question to snuba needs a project");
    query = query_of_project();
    query.aggregation_count = 0;
    both_refuse(&query, "a question to snuba has to count something");
    query = query_of_project();
    query.to = query.from;
    both_refuse(&query, "a question to snuba needs a second of time");
    query = query_of_project();
    query.limit = -2;
    both_refuse(&query, "a limit is below 0");
    query = query_of_project();
    query.to = USEC_LAST + 2 * USEC_PER_SECOND;
    both_refuse(&query, "a time is outside the years 1 to 9999");
    const struct snuba_order nothing = {{SNUBA_ALIAS, "nothing"}, true};
    query = query_of_project();
    query.orderby = &nothing;
    query.orderby_count = 1;
    both_refuse(&query, "it is to be sorted by nothing");
}

static void refuse_condition(struct snuba_condition condition, size_t count, const char *message)
{
    const struct snuba_any_of conditions[] = {{&condition, count}};
    struct snuba_query query = query_of_project();
    query.conditions = conditions;
    query.condition_count = 1;
    both_refuse(&query, message);
}

/* `IN []` is a syntax error there, an empty OR group would be met by everything. */
static void test_empty_conditions(void **state)
{
    (void)state;
    static const char *const two[] = {"a", "b"};
    struct snuba_condition condition = {
        foo, SNUBA_IN, {.kind = SNUBA_TEXT, .texts = two, .count = 0}};
    refuse_condition(condition, 1, "a condition compares with 0 values");
    refuse_condition(condition, 0, "one of no conditions can not hold");
    condition.compare = SNUBA_EQUAL;
    condition.literal.count = 2;
    refuse_condition(condition, 1, "a condition compares with 2 values");
    condition.compare = SNUBA_IS_NULL;
    refuse_condition(condition, 1, "a condition compares with the wrong thing");
    condition = (struct snuba_condition){foo, SNUBA_EQUAL, {.kind = SNUBA_NOTHING}};
    refuse_condition(condition, 1, "a condition compares with the wrong thing");
    condition = (struct snuba_condition){{SNUBA_ALIAS, "count"}, SNUBA_IS_NULL, {0}};
    refuse_condition(condition, 1, "a condition is about no column");
}

static void test_bound(void **state)
{
    (void)state;
    struct error error;
    struct buffer body;
    struct snuba_query query = query_of_project();
    buffer_init(&body, 64);
    assert_false(snuba_dialect_print(dialect("2020"), &query, &body, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    buffer_free(&body);
}

static void test_names(void **state)
{
    (void)state;
    assert_null(snuba_dialect_find("2019"));
    assert_null(snuba_dialect_find(""));
    assert_true(dialect("2018")->needs_hashes && !dialect("2020")->needs_hashes);
    assert_true(dialect("2018")->limit_max == 0 && dialect("2020")->limit_max == 10000);
    assert_true(dialect("2018")->orderby_max == 1 && dialect("2020")->orderby_max > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_group_tag_values),
        cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_environments),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_not_utf8),
        cmocka_unit_test(test_numbers_and_times),
        cmocka_unit_test(test_tags_by_key),
        cmocka_unit_test(test_all_tags),
        cmocka_unit_test(test_arrayjoin_beside_a_tag),
        cmocka_unit_test(test_two_ways_through_tags),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_tag_keys),
        cmocka_unit_test(test_keys_without_a_column),
        cmocka_unit_test(test_long_key),
        cmocka_unit_test(test_rows_in_2020),
        cmocka_unit_test(test_rows_in_2018),
        cmocka_unit_test(test_what_2018_does_not_know),
        cmocka_unit_test(test_order_without_an_alias),
        cmocka_unit_test(test_incomplete_queries),
        cmocka_unit_test(test_empty_conditions),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
