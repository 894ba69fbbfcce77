/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/snuba/page_size.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_grows(void **state)
{
    (void)state;
    struct page_size size = page_size_of(1000, 3000);
    page_size_came(&size, 1999, (4 << 20) - 1);
    assert_int_equal(size.rows, 2000);
    page_size_came(&size, 2000, 1);
    page_size_came(&size, 0, 4 << 20);
    assert_int_equal(size.rows, 2000);
    page_size_came(&size, 0, 0);
    assert_int_equal(size.rows, 3000);
    page_size_came(&size, 0, 0);
    assert_int_equal(size.rows, 3000);
}

static void test_never_below_the_start(void **state)
{
    (void)state;
    struct page_size size = page_size_of(1000, 10);
    page_size_came(&size, 0, 0);
    assert_int_equal(size.rows, 1000);
}

static void test_after_a_halving(void **state)
{
    (void)state;
    struct page_size size = page_size_of(1000, 10000);
    page_size_halve(&size, 1000);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(size.rows, 500);
        page_size_came(&size, 5000, 0); /* not a good page */
        page_size_came(&size, 100, 100);
    }
    assert_int_equal(size.rows, 1000);
    page_size_came(&size, 100, 100);
    assert_int_equal(size.rows, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_never_below_the_start),
        cmocka_unit_test(test_after_a_halving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
