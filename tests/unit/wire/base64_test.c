/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/base64.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_decodes(const char *text, const char *expected, size_t size)
{
    struct error error;
    struct buffer out;
    buffer_init(&out, 100);
    assert_true(base64_decode(text, strlen(text), &out, &error));
    assert_int_equal(out.size, size);
    assert_memory_equal(out.data, expected, size);
    buffer_free(&out);
}

static void assert_refused(const char *text, size_t size, const char *message)
{
    struct error error;
    struct buffer out;
    buffer_init(&out, 100);
    assert_false(base64_decode(text, size, &out, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.message, message);
    buffer_free(&out);
}

static void known_texts(void **state)
{
    (void)state;
    assert_decodes("", "", 0);
    assert_decodes("Zg==", "f", 1);
    assert_decodes("Zm8=", "fo", 2);
    assert_decodes("Zm9v", "foo", 3);
    assert_decodes("Zm9vYmFy", "foobar", 6);
    assert_decodes("AP+/", "\x00\xff\xbf", 3);
    assert_decodes("////", "\xff\xff\xff", 3);
}

static void line_ends_may_stand_anywhere(void **state)
{
    (void)state;
    assert_decodes("Zm9v\r\nYm\nFy\n", "foobar", 6);
    assert_decodes("Zg=\n=", "f", 1);
    assert_decodes("\r\n", "", 0);
}

static void what_is_no_base64(void **state)
{
    (void)state;
    assert_refused("Z", 1, "bad base64: it ends too early");
    assert_refused("Zg", 2, "bad base64: it ends too early");
    assert_refused("Zg=", 3, "bad base64: it ends too early");
    assert_refused("====", 4, "bad base64: misplaced padding");
    assert_refused("Z===", 4, "bad base64: misplaced padding");
    assert_refused("Zg==Zg==", 8, "bad base64: more behind the padding");
    assert_refused("Zg=v", 4, "bad base64: more behind the padding");
    assert_refused("Zg==\n=", 6, "bad base64: misplaced padding");
    assert_refused("Zh==", 4, "bad base64: bits behind the last byte");
    assert_refused("Zm9=", 4, "bad base64: bits behind the last byte");
    assert_refused("Zm 9v", 5, "bad base64: a character of another alphabet");
    assert_refused("Zm-_", 4, "bad base64: a character of another alphabet");
    assert_refused("Zm9\0", 4, "bad base64: a character of another alphabet");
}

static void the_size_is_bounded(void **state)
{
    (void)state;
    struct error error;
    struct buffer out;
    buffer_init(&out, 5);
    assert_false(base64_decode("Zm9vYmFy", 8, &out, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts),
        cmocka_unit_test(line_ends_may_stand_anywhere),
        cmocka_unit_test(what_is_no_base64),
        cmocka_unit_test(the_size_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
