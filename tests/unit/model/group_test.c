/* SPDX-License-Identifier: Apache-2.0 */
#include "model/group.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_levels(void **state)
{
    (void)state;
    assert_int_equal(group_level("debug"), 10);
    assert_int_equal(group_level("info"), 20);
    assert_int_equal(group_level("warning"), 30);
    assert_int_equal(group_level("error"), 40);
    assert_int_equal(group_level("fatal"), 50);
    assert_int_equal(group_level("Info"), 40);
    assert_int_equal(group_level(NULL), 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
