/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void numbers(void **state)
{
    (void)state;
    int64_t value = 5;
    assert_true(text_to_int64("0", 0, 10, &value));
    assert_int_equal(value, 0);
    assert_true(text_to_int64("007", 0, 10, &value));
    assert_int_equal(value, 7);
    assert_true(text_to_int64("-9223372036854775808", INT64_MIN, INT64_MAX, &value));
    assert_int_equal(value, INT64_MIN);
    assert_true(text_to_int64("9223372036854775807", INT64_MIN, INT64_MAX, &value));
    assert_int_equal(value, INT64_MAX);
    value = 5;
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "0x1",
                                      "--1",
                                      "1.0",
                                      "1e3",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "11",
                                      "-1"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        if (text_to_int64(bad[i], 0, 10, &value) || value != 5)
            fail_msg("taken: '%s'", bad[i]);
}

static void copies(void **state)
{
    (void)state;
    char to[4] = "xyz";
    assert_true(text_copy(to, sizeof(to), "abc"));
    assert_string_equal(to, "abc");
    assert_false(text_copy(to, sizeof(to), "long"));
    assert_string_equal(to, "abc");
    char *copy = text_duplicate("heap");
    assert_string_equal(copy, "heap");
    free(copy);
}

static void comparisons(void **state)
{
    (void)state;
    assert_true(text_equal("a", "a"));
    assert_false(text_equal("a", "ab"));
    assert_true(text_starts_with("abc", "ab"));
    assert_true(text_starts_with("abc", ""));
    assert_false(text_starts_with("a", "ab"));
    assert_true(text_has_control("a\nb"));
    assert_true(text_has_control("\x7f"));
    assert_false(text_has_control("a \xc3\xa9~"));
    assert_string_equal(text_plural(1), "");
    assert_string_equal(text_plural(0), "s");
    assert_string_equal(text_plural(2), "s");
}

static void assert_size(int64_t bytes, const char *expected)
{
    char text[TEXT_SIZE_MAX];
    assert_string_equal(text_size(bytes, text), expected);
}

static void sizes(void **state)
{
    (void)state;
    assert_size(0, "0 bytes");
    assert_size(1, "1 byte");
    assert_size(999, "999 bytes");
    assert_size(1000, "1.0 kB");
    assert_size(999949, "999.9 kB");
    assert_size(999950, "1.0 MB");
    assert_size(INT64_MAX, "9223372.0 TB");
}

static void assert_printed(void (*print)(FILE *, const char *), const char *text,
                           const char *expected)
{
    char *written = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&written, &size);
    assert_non_null(out);
    print(out, text);
    (void)fclose(out);
    assert_string_equal(written, expected);
    free(written);
}

/* As glibc counts. The process has the locale "C" before and after. */
static void widths(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("plain"), 5);
    assert_int_equal(text_width("jos\xc3\xa9"), 4);
    assert_int_equal(text_width("zoe\xcc\x81"), 3);              /* a combining accent */
    assert_int_equal(text_width("\xe6\x9d\x8e\xe5\xb0\x8f"), 4); /* two ideographs */
    assert_int_equal(text_width("\xf0\x9f\x92\xa9"), 2);
    assert_int_equal(text_width("\xee\x80\x80"), 1); /* of private use */
    assert_int_equal(text_width("\x1b[2J\n"), 4 + 3 + 4);
    assert_int_equal(text_width("\xc2\x9b\xff"), 8 + 4);
    assert_string_equal(setlocale(LC_CTYPE, NULL), "C");
}

static void terminals_are_not_driven(void **state)
{
    (void)state;
    assert_printed(text_print_escaped, "plain \xc3\xa9 \xf0\x9f\x98\x80",
                   "plain \xc3\xa9 \xf0\x9f\x98\x80");
    assert_printed(text_print_escaped, "\x1b[2J\r\n\t\x7f", "\\x1b[2J\\x0d\\x0a\\x09\\x7f");
    assert_printed(text_print_escaped,
                   "\xc2\x9b"
                   "1m\xc2\xa0",
                   "\\xc2\\x9b1m\xc2\xa0");
    assert_printed(text_print_escaped, "\x9b\xff\xe2\x82", "\\x9b\\xff\\xe2\\x82");
    assert_printed(text_print, "\x1b[2J\xff", "\x1b[2J\xff"); /* not a terminal */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),     cmocka_unit_test(copies),
        cmocka_unit_test(comparisons), cmocka_unit_test(sizes),
        cmocka_unit_test(widths),      cmocka_unit_test(terminals_are_not_driven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
