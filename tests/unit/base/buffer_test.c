/* SPDX-License-Identifier: Apache-2.0 */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer),
        cmocka_unit_test(appending),
        cmocka_unit_test(growth_keeps_the_contents),
        cmocka_unit_test(a_buffer_is_bounded),
        cmocka_unit_test(reserving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
