/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/postgres/value_cache.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MANY = 150000, TOO_MANY = 200000 };

static void test_find(void **state)
{
    (void)state;
    struct value_cache *cache = value_cache_new();
    assert_non_null(cache);
    assert_int_equal(value_cache_find(cache, 1, "a"), 0);
    value_cache_add(cache, 1, "a", 10);
    value_cache_add(cache, 2, "a", 20);
    value_cache_add(cache, 1, "", 30);
    assert_int_equal(value_cache_find(cache, 1, "a"), 10);
    assert_int_equal(value_cache_find(cache, 2, "a"), 20);
    assert_int_equal(value_cache_find(cache, 1, ""), 30);
    assert_int_equal(value_cache_find(cache, 1, "ab"), 0);
    value_cache_add(cache, 1, "a", 11);
    assert_int_equal(value_cache_find(cache, 1, "a"), 11);
    value_cache_clear(cache);
    assert_int_equal(value_cache_find(cache, 1, "a"), 0);
    value_cache_free(cache);
    value_cache_free(NULL);
}

static void add(struct value_cache *cache, int64_t from, int64_t to)
{
    char value[32];
    for (int64_t i = from; i < to; i++) {
        (void)snprintf(value, sizeof(value), "value %" PRId64, i / 3);
        value_cache_add(cache, i % 3, value, i + 1);
    }
}

static int64_t count_found(const struct value_cache *cache, int64_t to)
{
    char value[32];
    int64_t found = 0;
    for (int64_t i = 0; i < to; i++) {
        (void)snprintf(value, sizeof(value), "value %" PRId64, i / 3);
        int64_t id = value_cache_find(cache, i % 3, value);
        assert_true(id == 0 || id == i + 1);
        found += id != 0;
    }
    return found;
}

static void test_it_forgets_all_when_it_is_full(void **state)
{
    (void)state;
    struct value_cache *cache = value_cache_new();
    add(cache, 0, MANY);
    assert_int_equal(count_found(cache, MANY), MANY);
    add(cache, MANY, TOO_MANY);
    assert_in_range(count_found(cache, TOO_MANY), 1, TOO_MANY - MANY);
    value_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_it_forgets_all_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
