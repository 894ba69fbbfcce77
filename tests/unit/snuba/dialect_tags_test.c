/* SPDX-License-Identifier: Apache-2.0 */
/* Tags and other columns as both dialects print them, byte for byte, in the forms that real servers
   have accepted. Covers dialect.c, dialect_print.c, dialect_2018.c and dialect_2020.c. */
#include "dialect_fixture.h"

/* ---- tags, one by one ---- */

/* 2018 lists the tags by arrayjoin, which leaves out the tags that have a column. */
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

/* All tags, also those that have a column in 2018. They need an aggregation over them. */
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

/* The server would read the tag's column from the one tag that arrayjoin leaves. */
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
    conditions[1].conditions = condition + 2; /* in 2018 a column, so no stored tag */
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
        assert_false(snuba_dialect_has_tag_column(dialect("2018"), odd[i]));
        assert_false(snuba_dialect_has_tag_column(dialect("2020"), odd[i]));
        query.groupby = &column;
        both_refuse(&query, "snuba cannot be asked for a tag key with other characters than "
                            "letters, digits and _.:-");
    }
    assert_true(snuba_dialect_has_tag_column(dialect("2018"), "aZ09_.:-"));
    assert_true(snuba_dialect_has_tag_column(dialect("2020"), "aZ09_.:-"));
    assert_true(snuba_dialect_has_tag_column(dialect("2018"), "os.rooted"));
    assert_false(snuba_dialect_has_tag_column(dialect("2020"), "os.rooted"));
}

/* A flag's texts become numbers, in the same order. */
static void test_a_flag(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "no", "yes", "maybe", "\xff"};
    const struct snuba_condition condition = {
        {SNUBA_TAG, "os.rooted"}, SNUBA_IN, {.kind = SNUBA_TEXT, .texts = texts, .count = 5}};
    const struct snuba_any_of conditions[] = {{&condition, 1}};
    struct snuba_query query = query_of_project();
    query.conditions = conditions;
    query.condition_count = 1;
    expect("2018", &query,
           HEAD_2018 ",\"groupby\":[],"
                     "\"conditions\":[[\"tags[os_rooted]\",\"IN\",[-1,0,1,2,2]],"
                     "[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count\",\"\",\"count\"]]}");
    expect("2020", &query,
           HEAD_2020 ",\"groupby\":[],\"selected_columns\":[],"
                     "\"conditions\":[[\"tags[os.rooted]\",\"IN\",[-1,0,1,2,2]],"
                     "[\"project_id\",\"IN\",[10]]],"
                     "\"aggregations\":[[\"count()\",\"\",\"count\"]],\"consistent\":false}");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags_by_key),
        cmocka_unit_test(test_all_tags),
        cmocka_unit_test(test_arrayjoin_beside_a_tag),
        cmocka_unit_test(test_two_ways_through_tags),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_tag_keys),
        cmocka_unit_test(test_keys_without_a_column),
        cmocka_unit_test(test_a_flag),
        cmocka_unit_test(test_long_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
