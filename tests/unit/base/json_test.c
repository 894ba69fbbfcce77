/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
    struct error error;
    json_t *value = NULL;
    if (!json_parse(text, strlen(text), 1000, &value, &error))
        fail_msg("%s: %s", text, error.message);
    return value;
}

static void parsing(void **state)
{
    (void)state;
    json_t *value = parse(" {\"a\": 1, \"b\": [true, null], \"a\": \"last\"} ");
    assert_string_equal(json_string_value(json_object_get(value, "a")), "last");
    assert_int_equal(json_array_size(json_object_get(value, "b")), 2);
    json_decref(value);
    value = parse("5");
    assert_int_equal(json_integer_value(value), 5);
    json_decref(value);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    " ",        "{",    "{}x", "{} {}",
                                      "nul", "\"\xff\"", "[1,]", "'a'", "18446744073709551615",
                                      "NaN", "\"a"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct error error;
        json_t *value = NULL;
        if (json_parse(bad[i], strlen(bad[i]), 1000, &value, &error))
            fail_msg("taken: %s", bad[i]);
        assert_null(value);
        assert_int_equal(error.code, ERROR_INVALID);
        assert_non_null(strstr(error.message, "not valid JSON at byte "));
    }
    struct error error;
    json_t *value = NULL;
    assert_false(json_parse("[1, 2]", 6, 5, &value, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
}

static void deep_nesting(void **state)
{
    (void)state;
    struct error error;
    json_t *value = NULL;
    char text[100000];
    memset(text, '[', sizeof(text));
    assert_false(json_parse(text, sizeof(text), sizeof(text), &value, &error));
    assert_int_equal(error.code, ERROR_INVALID);
}

static void assert_number(const char *text, bool is_number, int64_t expected)
{
    json_t *value = parse(text);
    int64_t number = -77;
    if (json_to_int64(value, -5, 1000, &number) != is_number)
        fail_msg("%s", text);
    assert_int_equal(number, is_number ? expected : -77);
    json_decref(value);
}

static void whole_numbers(void **state)
{
    (void)state;
    assert_number("0", true, 0);
    assert_number("-5", true, -5);
    assert_number("1000", true, 1000);
    assert_number("\"27\"", true, 27);
    assert_number("\"0027\"", true, 27);
    static const char *const bad[] = {
        "-6",     "1001", "\"-5\"", "\"1001\"", "\"\"", "\" 5\"", "\"5 \"",
        "\"5x\"", "5.0",  "true",   "null",     "[5]",  "{}",     "\"99999999999999999999\""};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_number(bad[i], false, 0);
    int64_t number = 3;
    assert_false(json_to_int64(NULL, 0, 10, &number));
    assert_int_equal(number, 3);
}

static void writing(void **state)
{
    (void)state;
    struct error error;
    struct buffer out;
    json_t *object = json_object();
    assert_true(json_put_text(object, "text", "\xc3\xa9\"\n", &error));
    assert_true(json_put_text(object, "none", NULL, &error));
    assert_true(json_put_int(object, "int", INT64_MIN, &error));
    assert_true(json_put_null(object, "null", &error));
    assert_true(json_put_time(object, "time", 1, &error));
    assert_true(json_put_time(object, "never", USEC_NONE, &error));
    assert_true(json_put_int(object, "int", 2, &error)); /* keeps its place */
    buffer_init(&out, 1000);
    assert_true(json_write(object, &out, &error));
    assert_string_equal(out.data,
                        "{\"text\":\"\xc3\xa9\\\"\\n\",\"none\":null,\"int\":2,\"null\":null,"
                        "\"time\":\"1970-01-01T00:00:00.000001Z\",\"never\":null}");
    buffer_free(&out);
    buffer_init(&out, 10);
    assert_false(json_write(object, &out, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    buffer_free(&out);
    json_decref(object);
}

static void what_cannot_be_put(void **state)
{
    (void)state;
    struct error error;
    json_t *object = json_object();
    assert_false(json_put_text(object, "k", "\xff", &error));
    assert_string_equal(error.message, "'k' is no UTF-8, as JSON has to be");
    assert_int_equal(error.code, ERROR_INTERNAL);
    assert_false(json_put(object, "k", NULL, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_int_equal(json_object_size(object), 0);
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing),      cmocka_unit_test(what_is_refused),
        cmocka_unit_test(deep_nesting), cmocka_unit_test(whole_numbers),
        cmocka_unit_test(writing),      cmocka_unit_test(what_cannot_be_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
