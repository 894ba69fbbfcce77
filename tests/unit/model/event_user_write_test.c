/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event_user.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_addresses_are_kept(void **state)
{
    static const char *const addresses[] = {"10.0.0.1", "255.255.255.255", "::", "fe80::1",
                                            "::ffff:10.0.0.1"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(addresses); i++)
        assert_ptr_equal(event_user_address(addresses[i]), addresses[i]);
}

/* PostgreSQL takes some of these as an inet, but they are not addresses of one host. */
static void test_other_texts_are_no_addresses(void **state)
{
    static const char *const texts[] = {"",          "10.0.0",  "10.0.0.256", "10.0.0.0/8",
                                        "fe80::1%0", "::1::",   "localhost",  " 10.0.0.1",
                                        "10.0.0.1 ", "01.2.3.4"};
    (void)state;
    assert_null(event_user_address(NULL));
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        assert_null(event_user_address(texts[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_are_kept),
        cmocka_unit_test(test_other_texts_are_no_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
