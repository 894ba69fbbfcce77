/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pg_copy_rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_the_format(void **state)
{
    (void)state;
    static const char expected[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
                                   "\0\x02\0\0\0\x08\0\0\0\0\0\0\0\x07\0\0\0\x08\0\0\0\0\0\0\0\0"
                                   "\0\x02\0\0\0\x08\0\0\0\0\0\0\0\x08\xff\xff\xff\xff";
    struct pg_copy_rows rows;
    pg_copy_rows_init(&rows, 2);
    pg_copy_rows_add_int(&rows, 7);
    pg_copy_rows_add_time(&rows, 946684800 * USEC_PER_SECOND);
    pg_copy_rows_add_int(&rows, 8);
    pg_copy_rows_add_time(&rows, USEC_NONE);
    assert_int_equal(rows.bytes.size, sizeof(expected) - 1);
    assert_memory_equal(rows.bytes.data, expected, sizeof(expected) - 1);
    pg_copy_rows_free(&rows);
}

/* Without rows no statement is run, so that no connection is needed. */
static void test_no_rows(void **state)
{
    (void)state;
    struct error error;
    struct pg_copy_rows rows;
    pg_copy_rows_init(&rows, 2);
    assert_true(pg_copy_rows_execute(&rows, NULL, "COPY", &error));
    pg_copy_rows_free(&rows);
}

static void test_a_row_that_is_not_complete(void **state)
{
    (void)state;
    struct error error;
    struct pg_copy_rows rows;
    pg_copy_rows_init(&rows, 2);
    pg_copy_rows_add_int(&rows, 1);
    assert_false(pg_copy_rows_execute(&rows, NULL, "COPY", &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
    pg_copy_rows_free(&rows);
}

static void test_no_memory(void **state)
{
    (void)state;
#ifdef EXPORTD_FAULTS
    struct error error;
    struct pg_copy_rows rows;
    pg_copy_rows_init(&rows, 1);
    memory_fail(1);
    pg_copy_rows_add_int(&rows, 1);
    assert_true(memory_failed());
    pg_copy_rows_add_int(&rows, 2);
    assert_false(pg_copy_rows_execute(&rows, NULL, "COPY", &error));
    assert_int_equal(error.code, ERROR_AWAY);
    pg_copy_rows_free(&rows);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_format),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_a_row_that_is_not_complete),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
