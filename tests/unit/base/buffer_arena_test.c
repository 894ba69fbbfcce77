/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void an_empty_buffer(void **state)
{
    (void)state;
    struct error error;
    struct buffer buffer;
    buffer_init(&buffer, 10);
    assert_string_equal(buffer.data, "");
    assert_int_equal(buffer.size, 0);
    buffer_clear(&buffer);
    assert_true(buffer_append(&buffer, NULL, 0, &error));
    assert_true(buffer_append_text(&buffer, "", &error));
    assert_int_equal(buffer.capacity, 0);
    buffer_free(&buffer);
    buffer_free(&buffer);
}

static void appending(void **state)
{
    (void)state;
    struct error error;
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    assert_true(buffer_append(&buffer, "a\0b", 3, &error));
    assert_true(buffer_append_byte(&buffer, '-', &error));
    assert_true(buffer_append_text(&buffer, "text", &error));
    assert_true(buffer_printf(&buffer, &error, "%d%s", 42, "!"));
    assert_true(buffer_printf(&buffer, &error, "%s", ""));
    assert_int_equal(buffer.size, 11);
    assert_memory_equal(buffer.data, "a\0b-text42!", 12);
    buffer_clear(&buffer);
    assert_string_equal(buffer.data, "");
    assert_true(buffer.capacity > 0);
    buffer_free(&buffer);
    assert_int_equal(buffer.capacity, 0);
    assert_true(buffer_append_text(&buffer, "again", &error));
    assert_string_equal(buffer.data, "again");
    buffer_free(&buffer);
}

static void growth_keeps_the_contents(void **state)
{
    (void)state;
    struct error error;
    struct buffer buffer;
    buffer_init(&buffer, 100000);
    for (int i = 0; i < 100000; i++)
        assert_true(buffer_append_byte(&buffer, (char)('a' + i % 26), &error));
    for (int i = 0; i < 100000; i++)
        assert_int_equal(buffer.data[i], 'a' + i % 26);
    assert_int_equal(strlen(buffer.data), 100000);
    assert_false(buffer_append_byte(&buffer, 'x', &error));
    buffer_free(&buffer);
}

static void a_buffer_is_bounded(void **state)
{
    (void)state;
    struct error error;
    struct buffer buffer;
    buffer_init(&buffer, 5);
    assert_true(buffer_append_text(&buffer, "abc", &error));
    assert_false(buffer_append_text(&buffer, "def", &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_string_equal(error.message, "more than 5 bytes");
    assert_false(buffer_printf(&buffer, &error, "%d", 123));
    assert_false(buffer_reserve(&buffer, SIZE_MAX, &error));
    assert_string_equal(buffer.data, "abc");
    assert_int_equal(buffer.size, 3);
    assert_true(buffer_append_text(&buffer, "de", &error));
    assert_string_equal(buffer.data, "abcde");
    buffer_free(&buffer);
}

static void reserving(void **state)
{
    (void)state;
    struct error error;
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    assert_true(buffer_reserve(&buffer, 500, &error));
    assert_true(buffer.capacity >= 501);
    assert_string_equal(buffer.data, "");
    char *data = buffer.data;
    for (int i = 0; i < 500; i++)
        assert_true(buffer_append_byte(&buffer, 'x', &error));
    assert_ptr_equal(buffer.data, data);
    buffer_free(&buffer);
}

/* ---- arenas ---- */

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
            assert_non_null(
                arena_alloc(arena, 1000000, &error)); /* the newest block is a large one */
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
        cmocka_unit_test(an_empty_buffer),
        cmocka_unit_test(appending),
        cmocka_unit_test(growth_keeps_the_contents),
        cmocka_unit_test(a_buffer_is_bounded),
        cmocka_unit_test(reserving),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(an_arena_is_bounded),
        cmocka_unit_test(small_pieces_are_bounded),
        cmocka_unit_test(large_pieces),
        cmocka_unit_test(texts_and_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
