/* SPDX-License-Identifier: Apache-2.0 */
#include "model/environment.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_environment_names(void **state)
{
    char name[66];
    (void)state;
    memset(name, 'a', 65);
    name[65] = '\0';
    assert_true(environment_is_valid_name(""));
    assert_true(environment_is_valid_name("prod\xc3\xa9 :.\\"));
    assert_false(environment_is_valid_name("a/b"));
    assert_false(environment_is_valid_name("a\r"));
    assert_false(environment_is_valid_name("\n"));
    assert_false(environment_is_valid_name("\f"));
    assert_true(environment_is_valid_name(name + 1));
    assert_false(environment_is_valid_name(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
