/* SPDX-License-Identifier: Apache-2.0 */
#include "config/environment_file.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_lines(const char *text, size_t count, const struct environment_line *expected)
{
    struct error error;
    struct environment_lines lines;
    char *copy = text_duplicate(text);
    assert_non_null(copy);
    if (!environment_file_parse(copy, &lines, &error))
        fail_msg("%s: %s", text, error.message);
    assert_int_equal(lines.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(lines.items[i].name, expected[i].name);
        assert_string_equal(lines.items[i].value, expected[i].value);
    }
    free(lines.items);
    free(copy);
}

static void assert_value(const char *text, const char *value)
{
    const struct environment_line line = {"A", value};
    assert_lines(text, 1, &line);
}

static void refuse(const char *text, const char *message)
{
    struct error error;
    struct environment_lines lines;
    char *copy = text_duplicate(text);
    assert_non_null(copy);
    assert_false(environment_file_parse(copy, &lines, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_string_equal(error.message, message);
    free(lines.items);
    free(copy);
}

static void lines_and_comments(void **state)
{
    (void)state;
    static const struct environment_line two[] = {{"A", "1"}, {"B", "2"}};
    assert_lines("", 0, NULL);
    assert_lines("\n  \n# A=1\n ; B=2", 0, NULL);
    assert_lines("A=1\nB=2\n", 2, two);
    assert_lines("\n  A = 1 \n\n#x\nB=2", 2, two);
    assert_lines("A=1\r\nB=2\r\n", 2, two);
}

static void plain_values(void **state)
{
    (void)state;
    assert_value("A=", "");
    assert_value("A= \n", "");
    assert_value("A=a b  c\t ", "a b  c");
    assert_value("A=a#b;c=d", "a#b;c=d");
    assert_value("A=a\\ \\#\\\\", "a #\\");
    assert_value("A=a\\\nb", "ab");
    assert_value("A=a\\", "a");
    assert_value("A=\\x06\\x16", "x06x16");
}

static void quoted_values(void **state)
{
    (void)state;
    assert_value("A=\" a \" ", " a ");
    assert_value("A=' a \\ \" '", " a \\ \" ");
    assert_value("A=\"a\\\"b\\\\c\\$d\\`e\\nf\"", "a\"b\\c$d`e\\nf");
    assert_value("A=\"a\\\nb\"", "ab");
    assert_value("A=\"a\nb\"", "a\nb");
    assert_value("A=a'b c'\"d e\"f", "ab cd ef");
    assert_value("A=\"\"", "");
}

static void refused(void **state)
{
    (void)state;
    refuse("A", "line 1: not NAME=value");
    refuse("A=1\n\nB\nC=3", "line 3: not NAME=value");
    refuse("=1", "line 1: not NAME=value");
    refuse("A='x", "line 1: a quote ' is not closed");
    refuse("A=1\nB=\"x\ny", "line 3: a quote \" is not closed");
    refuse("A=\"x\\", "line 1: a quote \" is not closed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_comments),
        cmocka_unit_test(plain_values),
        cmocka_unit_test(quoted_values),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
