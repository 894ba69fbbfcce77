/* SPDX-License-Identifier: Apache-2.0 */
#include "export/names.h"

#include "base/clock.h"

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

/* The longest possible name fits into its array. */
static void test_longest_file_name(void **state)
{
    (void)state;
    assert_name(QUERY_ISSUES_BY_TAG, USEC_LAST, INT64_MAX,
                "Issues-by-Tag_9999-December-31_9223372036854775807.csv");
}

/* The day is that of UTC, and ends with the last microsecond before midnight. */
static void test_day_of_file_name(void **state)
{
    (void)state;
    assert_name(QUERY_DISCOVER, 1593561600 * USEC_PER_SECOND - 1, 1, "Discover_2020-June-30_1.csv");
    assert_name(QUERY_DISCOVER, 1593561600 * USEC_PER_SECOND, 1, "Discover_2020-July-01_1.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_name),
        cmocka_unit_test(test_longest_file_name),
        cmocka_unit_test(test_day_of_file_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
