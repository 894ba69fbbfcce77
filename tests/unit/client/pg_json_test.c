/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pg_json.h"

#include "pg_result_fixture.h"

static const char *const cells[] = {"1", "one", "2", NULL, "3", "three"};

static bool put_pair(json_t *object, const struct pg_result *result, int row, struct error *error)
{
    return json_put_int(object, "id", pg_int(result, row, 0), error) &&
           json_put_text(object, "name", pg_text(result, row, 1), error);
}

/* Fails at the second row. */
static bool put_one(json_t *object, const struct pg_result *result, int row, struct error *error)
{
    return row == 0 ? put_pair(object, result, row, error)
                    : error_set(error, ERROR_INVALID, "row %d", row);
}

static void assert_list(int rows, const char *expected)
{
    struct error error;
    struct buffer text;
    json_t *list = NULL;
    struct pg_result *result = make_result(rows, 2, cells);
    assert_true(pg_json_list(result, put_pair, &list, &error));
    buffer_init(&text, 1000);
    assert_true(json_write(list, &text, &error));
    assert_string_equal(text.data, expected);
    buffer_free(&text);
    json_decref(list);
    pg_result_free(result);
}

static void test_rows(void **state)
{
    (void)state;
    assert_list(3, "[{\"id\":1,\"name\":\"one\"},{\"id\":2,\"name\":null},"
                   "{\"id\":3,\"name\":\"three\"}]");
    assert_list(0, "[]");
}

static void test_a_row_fails(void **state)
{
    (void)state;
    struct error error;
    json_t *list = NULL;
    struct pg_result *result = make_result(3, 2, cells);
    assert_false(pg_json_list(result, put_one, &list, &error));
    assert_null(list);
    assert_string_equal(error.message, "row 1");
    pg_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_a_row_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
