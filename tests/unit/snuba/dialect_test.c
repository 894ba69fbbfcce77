/* SPDX-License-Identifier: Apache-2.0 */
/* Which dialects there are, and the queries that they cannot express. */
#include "dialect_fixture.h"

/* ---- queries that 2018 cannot express ---- */

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
    query.groupby = &bar; /* but it sorts by another column */
    refuses("2018", &query, ERROR_QUERY,
            "the 2018 dialect has no order by a column without an "
            "alias");
}

/* By one of these, the server does not sort, and reports no error. */
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

/* ---- queries that are wrong in both dialects ---- */

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
    both_refuse(&query, "a sort key has an unknown alias");
}

static void refuse_condition(struct snuba_condition condition, size_t count, const char *message)
{
    const struct snuba_any_of conditions[] = {{&condition, count}};
    struct snuba_query query = query_of_project();
    query.conditions = conditions;
    query.condition_count = 1;
    both_refuse(&query, message);
}

/* For the server, `IN []` is a syntax error, and every event meets an empty OR group. */
static void test_empty_conditions(void **state)
{
    (void)state;
    static const char *const two[] = {"a", "b"};
    struct snuba_condition condition = {
        foo, SNUBA_IN, {.kind = SNUBA_TEXT, .texts = two, .count = 0}};
    refuse_condition(condition, 1, "a condition compares with 0 values");
    refuse_condition(condition, 0, "a list of alternatives is empty");
    condition.compare = SNUBA_EQUAL;
    condition.literal.count = 2;
    refuse_condition(condition, 1, "a condition compares with 2 values");
    condition.compare = SNUBA_IS_NULL;
    refuse_condition(condition, 1, "a condition has the wrong kind of value");
    condition = (struct snuba_condition){foo, SNUBA_EQUAL, {.kind = SNUBA_NOTHING}};
    refuse_condition(condition, 1, "a condition has the wrong kind of value");
    condition = (struct snuba_condition){{SNUBA_ALIAS, "count"}, SNUBA_IS_NULL, {0}};
    refuse_condition(condition, 1, "a condition has an unknown alias");
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

/* ---- which dialects there are ---- */

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
        cmocka_unit_test(test_what_2018_does_not_know),
        cmocka_unit_test(test_order_without_an_alias),
        cmocka_unit_test(test_incomplete_queries),
        cmocka_unit_test(test_empty_conditions),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
