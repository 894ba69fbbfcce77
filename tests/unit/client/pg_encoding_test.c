/* SPDX-License-Identifier: Apache-2.0 */
/* Results of a database in SQL_ASCII. What such a server sends is tested by
   tests/system/test_database_trouble.py. */
#include "pg_result_fixture.h"

static void test_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    static const char *const cells[] = {
        "plain",
        "\xc3\xa9\xf0\x9f\x98\x80",
        "",
        "\xe9t\xe9",
        NULL,
        "\xe2\x82",
        "\xff\xff\xff",
        "a\xe2\x82z",
        "\xed\xa0\x80",
    };
    static const char *const mended[] = {
        "plain",
        "\xc3\xa9\xf0\x9f\x98\x80",
        "",
        "\xef\xbf\xbdt\xef\xbf\xbd",
        NULL,
        "\xef\xbf\xbd",
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
        "a\xef\xbf\xbdz",
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
    };
    struct pg_result *result = make_result(3, 3, cells);
    assert_true(pg_encoding_mend((PGresult *)result));
    for (int i = 0; i < 9; i++) {
        const char *text = pg_text(result, i / 3, i % 3);
        if (mended[i] == NULL)
            assert_null(text);
        else
            assert_string_equal(text, mended[i]);
    }
    pg_result_free(result);
}

static void test_no_memory(void **state)
{
    (void)state;
#ifdef EXPORTD_FAULTS
    static const char *const cells[] = {"\xff"};
    struct pg_result *result = make_result(1, 1, cells);
    memory_fail(1);
    assert_false(pg_encoding_mend((PGresult *)result));
    assert_true(memory_failed());
    pg_result_free(result);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_that_are_not_utf8),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
