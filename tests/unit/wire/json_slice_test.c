/* SPDX-License-Identifier: Apache-2.0 */
/* JSON read in place. The parser's tests cover the inside of a slice. */
#include "wire/json_slice.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool whole(const char *text, struct json_slice *value)
{
    return json_slice_of(text, strlen(text), value);
}

static void expect(struct json_slice slice, const char *text)
{
    if (slice.size != strlen(text) || memcmp(slice.at, text, slice.size) != 0)
        fail_msg("'%.*s' is not '%s'", (int)slice.size, slice.at, text);
}

static void test_one_value(void **state)
{
    (void)state;
    static const char *const values[] = {
        "1",  "-1.5e3", "null", "\"\"",        "\"a\\\"]\"", "\"\\\\\"",
        "[]", "{}",     "[[]]", "[\"]\", {}]", "{\"}\": 1}", "{\"a\": {\"b\": [1, 2]}}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        struct json_slice value;
        char text[100];
        assert_true(whole(values[i], &value));
        expect(value, values[i]);
        (void)snprintf(text, sizeof(text), "\xef\xbb\xbf \r\n\t%s \n", values[i]);
        assert_true(whole(text, &value));
        expect(value, values[i]);
    }
}

static void test_no_value(void **state)
{
    (void)state;
    static const char *const texts[] = {"",    " ",    "\"", "\"\\", "\"\\\"", "[",   "{",
                                        "[[]", "]",    "}",  ",",    ":",      "1 2", "[] 1",
                                        "{}}", "[\"]", "1,", "[]\"", "\"a\"b"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct json_slice value;
        if (whole(texts[i], &value))
            fail_msg("taken: %s", texts[i]);
    }
}

static void test_elements(void **state)
{
    (void)state;
    static const char *const elements[] = {"1", "\"a,]\"", "[2, 3]", "{\"b\": []}", "null"};
    struct json_slice list;
    struct json_slice element;
    assert_true(whole("[1, \"a,]\" ,[2, 3],{\"b\": []}\n,null ]", &list));
    assert_true(json_slice_is(list, '['));
    assert_false(json_slice_is(list, '{'));
    struct json_cursor cursor = json_cursor_in(list);
    for (size_t i = 0; i < ARRAY_LENGTH(elements); i++) {
        assert_true(json_next_element(&cursor, &element));
        expect(element, elements[i]);
    }
    assert_false(json_next_element(&cursor, &element));
    assert_false(cursor.broken);
    assert_false(json_next_element(&cursor, &element)); /* still at the end */
}

static void test_members(void **state)
{
    (void)state;
    struct json_slice object;
    struct json_slice name;
    struct json_slice value;
    assert_true(whole("{\"a\": 1 ,\"b:\":{\"c\": 2}}", &object));
    struct json_cursor cursor = json_cursor_in(object);
    assert_true(json_next_member(&cursor, &name, &value));
    expect(name, "\"a\"");
    expect(value, "1");
    assert_true(json_next_member(&cursor, &name, &value));
    expect(name, "\"b:\"");
    expect(value, "{\"c\": 2}");
    assert_false(json_next_member(&cursor, &name, &value));
    assert_false(cursor.broken);
}

static void test_nothing_in_it(void **state)
{
    (void)state;
    struct json_slice empty;
    struct json_slice value;
    assert_true(whole("[ ]", &empty));
    struct json_cursor cursor = json_cursor_in(empty);
    assert_false(json_next_element(&cursor, &value));
    assert_false(cursor.broken);
    assert_true(whole("{}", &empty));
    cursor = json_cursor_in(empty);
    assert_false(json_next_member(&cursor, &value, &value));
    assert_false(cursor.broken);
    assert_false(json_slice_is((struct json_slice){.at = NULL}, '['));
}

static void check_broken(const char *text)
{
    struct json_slice value;
    struct json_slice name;
    assert_true(whole(text, &value));
    bool is_object = json_slice_is(value, '{');
    struct json_cursor cursor = json_cursor_in(value);
    while (is_object ? json_next_member(&cursor, &name, &value)
                     : json_next_element(&cursor, &value))
        continue;
    if (!cursor.broken)
        fail_msg("whole: %s", text);
}

static void test_broken_ones(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[1 2]",
        "[1,]",
        "[,1]",
        "[1,,2]",
        "[:]",
        "{\"a\"}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\": 1,}",
        "{a: 1}",
        "{\"a\": 1 \"b\": 2}",
        "{1: 2}",
        "{[]: 2}",
        "{\"a\": 1, \"b\"}",
        "{\"a\":: 1}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        check_broken(texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_value),     cmocka_unit_test(test_no_value),
        cmocka_unit_test(test_elements),      cmocka_unit_test(test_members),
        cmocka_unit_test(test_nothing_in_it), cmocka_unit_test(test_broken_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
