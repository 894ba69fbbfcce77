/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pg_columns.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The header of an array of `rows` elements of the type `oid`. */
#define HEADER(has_null, oid, rows)                                                                \
    "\0\0\0\x01\0\0\0" has_null "\0\0" oid "\0\0\0" rows "\0\0\0\x01"
#define BIGINT_OID      "\0\x14"
#define TEXT_OID        "\0\x19"
#define TIMESTAMPTZ_OID "\x04\xa0"

static void assert_param(const struct pg_params *params, int index, const char *bytes, size_t size)
{
    assert_int_equal(params->formats[index], 1);
    assert_int_equal(params->sizes[index], size);
    assert_memory_equal(params->values[index], bytes, size);
}

static void test_rows_become_arrays(void **state)
{
    (void)state;
    static const char numbers[] = HEADER("\0", BIGINT_OID, "\x02") "\0\0\0\x08\0\0\0\0\0\0\0\x07"
                                                                   "\0\0\0\x08\0\0\0\0\0\0\0\x09";
    static const char texts[] = HEADER("\x01", TEXT_OID, "\x02") "\0\0\0\x01x\xff\xff\xff\xff";
    static const char ids[] = HEADER("\x01", BIGINT_OID, "\x02") "\0\0\0\x08\0\0\0\0\0\0\0\x05"
                                                                 "\xff\xff\xff\xff";
    static const char times[] =
        HEADER("\x01", TIMESTAMPTZ_OID, "\x02") "\0\0\0\x08\0\0\0\0\0\0\0\0\xff\xff\xff\xff";
    struct error error;
    struct pg_columns columns;
    struct pg_params params = {.count = 0};
    pg_columns_init(&columns, 4);
    pg_columns_add_int(&columns, 7);
    pg_columns_add_text(&columns, "x");
    pg_columns_add_id(&columns, 5);
    pg_columns_add_time(&columns, 946684800 * USEC_PER_SECOND);
    pg_columns_add_int(&columns, 9);
    pg_columns_add_text(&columns, NULL);
    pg_columns_add_id(&columns, 0);
    pg_columns_add_time(&columns, USEC_NONE);
    pg_bind_int(&params, 1); /* columns are bound after other parameters */
    assert_true(pg_columns_bind(&columns, &params, &error));
    assert_int_equal(params.count, 5);
    assert_param(&params, 1, numbers, sizeof(numbers) - 1);
    assert_param(&params, 2, texts, sizeof(texts) - 1);
    assert_param(&params, 3, ids, sizeof(ids) - 1);
    assert_param(&params, 4, times, sizeof(times) - 1);
    pg_columns_free(&columns);
}

static void test_no_rows(void **state)
{
    (void)state;
    struct error error;
    struct pg_columns columns;
    struct pg_params params = {.count = 0};
    pg_columns_init(&columns, 2);
    assert_true(pg_columns_bind(&columns, &params, &error));
    assert_int_equal(params.count, 2);
    assert_string_equal(params.values[0], "{}");
    assert_string_equal(params.values[1], "{}");
    pg_columns_free(&columns);
}

static void test_a_row_that_is_not_complete(void **state)
{
    (void)state;
    struct error error;
    struct pg_columns columns;
    struct pg_params params = {.count = 0};
    pg_columns_init(&columns, 2);
    pg_columns_add_int(&columns, 1);
    assert_false(pg_columns_bind(&columns, &params, &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
    assert_int_equal(params.count, 0);
    pg_columns_free(&columns);
}

/* A failure while adding is kept until the columns are bound. */
static void test_no_memory(void **state)
{
    (void)state;
#ifdef EXPORTD_FAULTS
    struct error error;
    struct pg_columns columns;
    struct pg_params params = {.count = 0};
    pg_columns_init(&columns, 1);
    memory_fail(1);
    pg_columns_add_int(&columns, 1);
    assert_true(memory_failed());
    pg_columns_add_int(&columns, 2);
    assert_false(pg_columns_bind(&columns, &params, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    pg_columns_free(&columns);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_become_arrays),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_a_row_that_is_not_complete),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
