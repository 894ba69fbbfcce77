/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/snuba/group_list.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARENA_MAX ((size_t)1024 * 1024)

enum { MANY = 2500 };

static struct error error;
static struct snuba_group_list list;
static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_new(ARENA_MAX);
    return arena == NULL ? -1 : 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void start_list(const int64_t *ids, size_t count)
{
    const struct tag_id_list group_ids = {.items = ids, .count = count};
    assert_true(snuba_group_list_start(&list, &group_ids, arena, &error));
}

/* The next part has `count` groups, from `first` upwards without gaps. */
static void assert_part(int64_t first, size_t count)
{
    struct tag_id_list part;
    assert_true(snuba_group_list_next(&list, &part));
    assert_int_equal(part.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(part.items[i], first + (int64_t)i);
}

static void assert_end(void)
{
    struct tag_id_list part;
    assert_false(snuba_group_list_next(&list, &part));
    assert_int_equal(part.count, 0);
}

static void start_many(void)
{
    int64_t ids[MANY];
    for (int i = 0; i < MANY; i++)
        ids[i] = MANY - i;
    start_list(ids, MANY);
}

static void test_sorted_without_duplicates(void **state)
{
    static const int64_t ids[] = {9, 7, 8, 9, 7};
    (void)state;
    start_list(ids, ARRAY_LENGTH(ids));
    assert_int_equal(list.count, 3);
    assert_part(7, 3);
    assert_end();
    start_list(ids, 0);
    assert_end();
}

static void test_parts(void **state)
{
    (void)state;
    start_many();
    assert_part(1, 1000);
    assert_part(1001, 1000);
    assert_part(2001, 500);
    assert_end();
}

static bool retry(enum error_code code)
{
    const struct error failure = {.code = code};
    return snuba_group_list_retry(&list, &failure);
}

static void test_smaller_parts_after_a_failure(void **state)
{
    (void)state;
    start_many();
    assert_part(1, 1000);
    assert_part(1001, 1000);
    assert_true(retry(ERROR_TOO_LARGE));
    assert_part(1001, 500);
    assert_true(retry(ERROR_TOO_LARGE));
    assert_part(1001, 250);
    for (int64_t first = 1251; first <= MANY; first += 250)
        assert_part(first, 250);
    assert_end();
}

static void test_failures_that_are_not_retried(void **state)
{
    static const int64_t ids[] = {7, 8};
    (void)state;
    start_list(ids, 2);
    assert_part(7, 2);
    assert_false(retry(ERROR_AWAY));
    assert_false(retry(ERROR_OVERLOAD));
    assert_true(retry(ERROR_TOO_LARGE));
    assert_part(7, 1);
    assert_false(retry(ERROR_TOO_LARGE)); /* one group cannot be divided */
    assert_part(8, 1);
    assert_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_without_duplicates),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_smaller_parts_after_a_failure),
        cmocka_unit_test(test_failures_that_are_not_retried),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
