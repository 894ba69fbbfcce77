/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pg.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_values(void **state)
{
    (void)state;
    struct pg_params params = {.count = 0};
    struct buffer bytes = {.data = (char[]){"\0\1"}, .size = 2};
    pg_bind_text(&params, "text");
    pg_bind_text(&params, NULL);
    pg_bind_int(&params, INT64_MIN);
    pg_bind_double(&params, 0.1);
    pg_bind_bool(&params, true);
    pg_bind_bool(&params, false);
    pg_bind_null(&params);
    pg_bind_time(&params, 1585152738123456);
    pg_bind_time(&params, USEC_NONE);
    pg_bind_binary(&params, &bytes);
    static const char *const expected[] = {"text",
                                           NULL,
                                           "-9223372036854775808",
                                           "0.10000000000000001",
                                           "t",
                                           "f",
                                           NULL,
                                           "2020-03-25T16:12:18.123456Z",
                                           NULL};
    assert_int_equal(params.count, ARRAY_LENGTH(expected) + 1);
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        assert_int_equal(params.formats[i], 0);
        if (expected[i] == NULL)
            assert_null(params.values[i]);
        else
            assert_string_equal(params.values[i], expected[i]);
    }
    assert_int_equal(params.formats[9], 1);
    assert_int_equal(params.sizes[9], 2);
    assert_ptr_equal(params.values[9], bytes.data);
}

static void test_all_places(void **state)
{
    (void)state;
    struct pg_params params = {.count = 0};
    for (int i = 0; i < PG_PARAMS_MAX; i++)
        pg_bind_int(&params, i);
    assert_int_equal(params.count, PG_PARAMS_MAX);
    assert_string_equal(params.values[0], "0");
    assert_string_equal(params.values[PG_PARAMS_MAX - 1], "31");
}

/* An array of these texts, of which NULL ends the list. */
static void assert_text_array(const char *const *texts, const char *expected)
{
    struct error error;
    struct pg_array array;
    const char *text = NULL;
    pg_array_init(&array, 1000);
    for (; *texts != NULL; texts++)
        assert_true(pg_array_add_text(&array, *texts, &error));
    assert_true(pg_array_text(&array, &text, &error));
    assert_string_equal(text, expected);
    pg_array_free(&array);
}

static void test_arrays_of_texts(void **state)
{
    (void)state;
    assert_text_array((const char *const[]){NULL}, "{}");
    assert_text_array((const char *const[]){"a", "", "NULL", NULL}, "{\"a\",\"\",\"NULL\"}");
    assert_text_array((const char *const[]){"a,b}{", "\"", "\\", "x\\\"y", NULL},
                      "{\"a,b}{\",\"\\\"\",\"\\\\\",\"x\\\\\\\"y\"}");
}

static void test_arrays_of_numbers(void **state)
{
    (void)state;
    struct error error;
    struct pg_array array;
    const char *text = NULL;
    pg_array_init(&array, 1000);
    assert_true(pg_array_add_int(&array, 1, &error));
    assert_true(pg_array_add_int(&array, INT64_MIN, &error));
    assert_true(pg_array_add_text(&array, NULL, &error));
    assert_true(pg_array_text(&array, &text, &error));
    assert_string_equal(text, "{1,-9223372036854775808,NULL}");
    pg_array_free(&array);
}

static void test_an_array_is_bounded(void **state)
{
    (void)state;
    struct error error;
    struct pg_array array;
    pg_array_init(&array, 8);
    assert_true(pg_array_add_text(&array, "abc", &error));
    assert_false(pg_array_add_text(&array, "abc", &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    pg_array_free(&array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_all_places),
        cmocka_unit_test(test_arrays_of_texts),
        cmocka_unit_test(test_arrays_of_numbers),
        cmocka_unit_test(test_an_array_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
