/* SPDX-License-Identifier: Apache-2.0 */
#include "model/named_row.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_rows_are_sorted_bytewise_without_repetition(void **state)
{
    struct named_row rows[] = {{2, "a", 0}, {1, "b", 0}, {1, "B", 0},       {2, "a", 0},
                               {1, "", 0},  {1, "b", 0}, {1, "\xc3\xa9", 0}};
    (void)state;
    assert_int_equal(named_rows_sort(rows, ARRAY_LENGTH(rows)), 5);
    assert_string_equal(rows[0].name, "");
    assert_string_equal(rows[1].name, "B");
    assert_string_equal(rows[2].name, "b");
    assert_string_equal(rows[3].name, "\xc3\xa9");
    assert_int_equal(rows[4].owner_id, 2);
    assert_int_equal(named_rows_find(rows, 5, 1, "b"), 2);
    assert_int_equal(named_rows_find(rows, 5, 2, "a"), 4);
    assert_int_equal(named_rows_sort(rows, 0), 0);
}

static void test_rows_are_known_when_each_has_an_id(void **state)
{
    struct named_row rows[] = {{1, "a", 5}, {1, "b", 0}};
    (void)state;
    assert_true(named_rows_are_known(rows, 1));
    assert_false(named_rows_are_known(rows, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_sorted_bytewise_without_repetition),
        cmocka_unit_test(test_rows_are_known_when_each_has_an_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
