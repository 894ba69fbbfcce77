/* SPDX-License-Identifier: Apache-2.0 */
#include "event/sampling.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { HOUR = 3600 };

static void test_the_list_of_projects(void **state)
{
    (void)state;
    assert_false(sampling_covers("", 1));
    assert_true(sampling_covers("1", 1));
    assert_true(sampling_covers("12,1,7", 1));
    assert_true(sampling_covers("12,1,7", 7));
    assert_true(sampling_covers("9223372036854775807", INT64_MAX));
    assert_false(sampling_covers("12,7", 1));
    assert_false(sampling_covers("1,7", 17));
    assert_false(sampling_covers("17", 1));
}

/* How many of `count` events after the first `from` are kept, all after the same silence. */
static int64_t kept(int64_t from, int64_t count, int64_t silence)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += sampling_keeps(from + i, silence);
    return sum;
}

/* A silence below a minute keeps one event in 10,000, so the count decides. */
static void test_by_count(void **state)
{
    (void)state;
    assert_int_equal(kept(1, 50, 0), 50);
    assert_int_equal(kept(51, 950, 0), 475);
    assert_true(sampling_keeps(1000, 0));
    assert_false(sampling_keeps(1002, 0));
    assert_int_equal(kept(1001, 9000, 0), 900);
    assert_int_equal(kept(10001, 90000, 0), 1800);
    assert_true(sampling_keeps(100050, 0) == (100050 % 300 == 0));
    assert_true(sampling_keeps(1000200, 0) == (1000200 % 2000 == 0));
    assert_true(sampling_keeps(1002000, 0));
    assert_false(sampling_keeps(10002000, 0));
    assert_true(sampling_keeps(10010000, 0));
}

/* Above 10,000,000 events the count keeps one event in 10,000, so the silence decides. */
static void test_by_silence(void **state)
{
    (void)state;
    const int64_t many = 10000001;
    assert_int_equal(kept(many, 10000, HOUR), 10000);
    assert_int_equal(kept(many, 10000, HOUR - 1), 1000);
    assert_int_equal(kept(many, 10000, 360), 1000);
    assert_int_equal(kept(many, 6000, 359), 100);
    assert_int_equal(kept(many, 6000, 60), 100);
    assert_int_equal(kept(many, 10000, 59), 1);
    assert_int_equal(kept(many, 10000, -HOUR), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_list_of_projects),
        cmocka_unit_test(test_by_count),
        cmocka_unit_test(test_by_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
