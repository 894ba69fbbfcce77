/* SPDX-License-Identifier: Apache-2.0 */
#include "export/names.h"

#include "export/query_type.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const int64_t july_21_2020 = 1595334000 * USEC_PER_SECOND; /* 12:20:00 UTC */

static void assert_name(int64_t query_type, int64_t date_added, int64_t id, const char *expected)
{
    char name[EXPORT_FILE_NAME_MAX];
    const struct exported_data row = {.id = id, .query_type = query_type, .date_added = date_added};
    assert_string_equal(export_file_name(&row, row_format_default(), name), expected);
}

static void test_file_name(void **state)
{
    (void)state;
    assert_name(QUERY_DISCOVER, july_21_2020, 27, "Discover_2020-July-21_27.csv");
    assert_name(QUERY_ISSUES_BY_TAG, 0, 1, "Issues-by-Tag_1970-January-01_1.csv");
    assert_name(2, july_21_2020, 27, "None_2020-July-21_27.csv");
}

/* The longest name there can be fits its array. */
static void test_longest_file_name(void **state)
{
    (void)state;
    assert_name(QUERY_ISSUES_BY_TAG, USEC_LAST, INT64_MAX,
                "Issues-by-Tag_9999-December-31_9223372036854775807.csv");
}

/* The day is UTC's: one microsecond before midnight is still the day before. */
static void test_day_of_file_name(void **state)
{
    (void)state;
    assert_name(QUERY_DISCOVER, 1593561600 * USEC_PER_SECOND - 1, 1, "Discover_2020-June-30_1.csv");
    assert_name(QUERY_DISCOVER, 1593561600 * USEC_PER_SECOND, 1, "Discover_2020-July-01_1.csv");
}

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

/* What needs no server: the sentences for the user. */
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

/* Without a server likewise: what cannot be estimated, and what is no export. */
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
        cmocka_unit_test(test_file_name),        cmocka_unit_test(test_longest_file_name),
        cmocka_unit_test(test_day_of_file_name), cmocka_unit_test(test_type_name),
        cmocka_unit_test(test_type_words),       cmocka_unit_test(test_runs_that_fail),
        cmocka_unit_test(test_estimates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
