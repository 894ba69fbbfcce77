/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct error error;
    struct arena *arena = arena_new(1000000);
    assert_non_null(arena);
    for (int round = 0; round < 2; round++) {
        for (size_t size = 1; size < 300; size++) {
            char *bytes = arena_alloc(arena, size, &error);
            assert_non_null(bytes);
            assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(bytes[i], 0);
            memset(bytes, 'x', size);
        }
        arena_reset(arena);
    }
    arena_free(arena);
    arena_free(NULL);
}

static void an_arena_is_bounded(void **state)
{
    (void)state;
    struct error error;
    struct arena *arena = arena_new(100);
    assert_non_null(arena);
    assert_null(arena_alloc(arena, 101, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_string_equal(error.message, "more than 100 bytes of memory");
    assert_non_null(arena_alloc(arena, 100, &error));
    assert_null(arena_alloc(arena, 1, &error));
    arena_reset(arena);
    assert_non_null(arena_alloc(arena, 60, &error));
    assert_null(arena_alloc(arena, 60, &error));
    assert_null(arena_array(arena, SIZE_MAX / 2, 3, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_null(arena_alloc(arena, SIZE_MAX, &error));
    arena_free(arena);
}

/* Rounding up counts, too; otherwise a million empty texts would take 16 MB. */
static void small_pieces_are_bounded(void **state)
{
    (void)state;
    struct error error;
    struct arena *arena = arena_new(16000);
    size_t count = 0;
    assert_non_null(arena);
    while (count < 100000 && arena_alloc(arena, 1, &error) != NULL)
        count++;
    assert_int_equal(count, 1000);
    arena_free(arena);
}

static void large_pieces(void **state)
{
    (void)state;
    struct error error;
    struct arena *arena = arena_new((size_t)100 * 1024 * 1024);
    assert_non_null(arena);
    for (int i = 0; i < 3; i++) {
        char *small = arena_copy(arena, "small", 5, &error);
        char *large = arena_alloc(arena, 1000000, &error);
        char *other = arena_copy(arena, "other", 5, &error);
        assert_true(small != NULL && large != NULL && other != NULL);
        memset(large, 'x', 1000000);
        assert_string_equal(small, "small");
        assert_string_equal(other, "other");
        if (i == 1)
            assert_non_null(arena_alloc(arena, 1000000, &error)); /* the newest block is large */
        arena_reset(arena);
    }
    arena_free(arena);
}

static void texts_and_arrays(void **state)
{
    (void)state;
    struct error error;
    struct arena *arena = arena_new(1000);
    assert_non_null(arena);
    assert_string_equal(arena_copy(arena, "abcdef", 3, &error), "abc");
    assert_string_equal(arena_copy(arena, NULL, 0, &error), "");
    assert_string_equal(arena_printf(arena, &error, "%s-%d", "x", 7), "x-7");
    int64_t *numbers = arena_array(arena, 10, sizeof(*numbers), &error);
    assert_non_null(numbers);
    for (int i = 0; i < 10; i++)
        assert_int_equal(numbers[i], 0);
    assert_non_null(arena_array(arena, 0, 8, &error));
    assert_null(arena_printf(arena, &error, "%2000d", 1));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(an_arena_is_bounded),
        cmocka_unit_test(small_pieces_are_bounded),
        cmocka_unit_test(large_pieces),
        cmocka_unit_test(texts_and_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
