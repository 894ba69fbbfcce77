/* SPDX-License-Identifier: Apache-2.0 */
#include "export/query_type.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_type_name(void **state)
{
    (void)state;
    assert_string_equal(query_type_name(0), "Issues-by-Tag");
    assert_string_equal(query_type_name(1), "Discover");
    assert_null(query_type_name(2));
    assert_null(query_type_name(-1));
}

static void test_type_words(void **state)
{
    (void)state;
    char words[QUERY_TYPE_WORDS_MAX];
    assert_int_equal(query_type_find_word("issues-by-tag")->code, QUERY_ISSUES_BY_TAG);
    assert_int_equal(query_type_find_word("discover")->code, QUERY_DISCOVER);
    assert_null(query_type_find_word("Discover"));
    assert_null(query_type_find_word(""));
    assert_string_equal(query_type_words(words), "issues-by-tag or discover");
}

/* The failures that need no server, and their sentences for the user. */
static void test_runs_that_fail(void **state)
{
    (void)state;
    struct error error;
    struct export_run run = {.query = {.query_type = QUERY_DISCOVER, .query_info = "{"}};
    assert_false(query_type_run(&run, &error));
    assert_int_equal(error.code, ERROR_EXPORT);
    assert_string_equal(error.message, "Discover processing has not been implemented yet");
    run.query.query_type = 2;
    assert_false(query_type_run(&run, &error));
    assert_int_equal(error.code, ERROR_EXPORT);
    assert_string_equal(error.message, "No processor found for this query type: 2");
    run.query.query_type = QUERY_ISSUES_BY_TAG;
    assert_false(query_type_run(&run, &error));
    assert_int_equal(error.code, ERROR_EXPORT);
    assert_string_equal(error.message, "Invalid query: it is not a JSON object");
    run.query.query_info = "{\"project_id\": 1, \"group_id\": 7, \"key\": \"k\"}";
    run.query.limit = -1;
    assert_false(query_type_run(&run, &error));
    assert_int_equal(error.code, ERROR_EXPORT);
    assert_non_null(strstr(error.message, "Invalid limit"));
}

/* These need no server either: a type without an estimate, and queries that are wrong. */
static void test_estimates(void **state)
{
    (void)state;
    struct error error;
    const struct export_source source = {.pg = NULL};
    struct export_query query = {.query_type = QUERY_DISCOVER, .query_info = "{"};
    struct export_estimate estimate = {.known = true};
    assert_true(query_type_estimate(&source, &query, &estimate, &error));
    assert_false(estimate.known);
    query.query_type = QUERY_ISSUES_BY_TAG;
    assert_false(query_type_estimate(&source, &query, &estimate, &error));
    assert_int_equal(error.code, ERROR_EXPORT);
    assert_string_equal(error.message, "Invalid query: it is not a JSON object");
    query.query_type = 2;
    assert_false(query_type_estimate(&source, &query, &estimate, &error));
    assert_int_equal(error.code, ERROR_EXPORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_type_name),
        cmocka_unit_test(test_type_words),
        cmocka_unit_test(test_runs_that_fail),
        cmocka_unit_test(test_estimates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
