/* SPDX-License-Identifier: Apache-2.0 */
/* Which statements are prepared, and when. That prepared statements work is tested by
   tests/system/test_pgbouncer.py and tests/system/test_database_trouble.py. */
#include "client/pg_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct pg_params repeated = {.repeated = true};
static const struct pg_params once = {.repeated = false};

/* Uses the statement until it is to be prepared, and prepares it. */
static struct pg_prepared *prepare(struct pg *pg, const char *sql)
{
    struct pg_prepared *entry = NULL;
    for (int i = 0; i < 2; i++)
        assert_null(pg_prepare_find(pg, sql, &repeated));
    entry = pg_prepare_find(pg, sql, &repeated);
    assert_non_null(entry);
    assert_int_equal(entry->number, 0);
    entry->number = ++pg->numbers;
    entry->fresh = true;
    return entry;
}

static void test_the_third_use_prepares(void **state)
{
    (void)state;
    static const char sql[] = "SELECT 1";
    struct pg pg = {.direct = true};
    struct pg_prepared *entry = prepare(&pg, sql);
    pg_prepare_settle(&pg, true);
    assert_ptr_equal(pg_prepare_find(&pg, sql, &repeated), entry);
    assert_int_equal(entry->number, 1);
    assert_null(pg_prepare_find(&pg, "SELECT 2", &repeated));
}

static void test_statements_that_are_not_prepared(void **state)
{
    (void)state;
    static const char sql[] = "SELECT 1";
    struct pg direct = {.direct = true};
    struct pg pooled = {.direct = false};
    for (int i = 0; i < 10; i++) {
        assert_null(pg_prepare_find(&direct, sql, &once));
        assert_null(pg_prepare_find(&direct, sql, NULL));
        assert_null(pg_prepare_find(&pooled, sql, &repeated));
    }
}

/* After a failed PREPARE the statement is prepared again, at its next use. */
static void test_a_failure(void **state)
{
    (void)state;
    static const char first[] = "SELECT 1";
    static const char second[] = "SELECT 2";
    struct pg pg = {.direct = true};
    struct pg_prepared *good = prepare(&pg, first);
    pg_prepare_settle(&pg, true);
    struct pg_prepared *bad = prepare(&pg, second);
    pg_prepare_settle(&pg, false);
    assert_int_equal(good->number, 1);
    assert_int_equal(bad->number, 0);
    assert_ptr_equal(pg_prepare_find(&pg, second, &repeated), bad);
}

static void test_all_places_in_use(void **state)
{
    (void)state;
    static const char texts[ARRAY_LENGTH(((struct pg *)NULL)->prepared) + 1][2];
    struct pg pg = {.direct = true};
    for (size_t i = 0; i + 1 < ARRAY_LENGTH(texts); i++)
        (void)prepare(&pg, texts[i]);
    for (int i = 0; i < 5; i++)
        assert_null(pg_prepare_find(&pg, texts[ARRAY_LENGTH(texts) - 1], &repeated));
    assert_int_equal(pg_prepare_find(&pg, texts[0], &repeated)->number, 1);
}

static void test_a_new_connection_has_none(void **state)
{
    (void)state;
    static const char sql[] = "SELECT 1";
    struct pg pg = {.direct = true};
    (void)prepare(&pg, sql);
    pg_prepare_settle(&pg, true);
    pg_prepare_forget(&pg);
    assert_false(pg.direct);
    pg.direct = true;
    (void)prepare(&pg, sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_third_use_prepares),
        cmocka_unit_test(test_statements_that_are_not_prepared),
        cmocka_unit_test(test_a_failure),
        cmocka_unit_test(test_all_places_in_use),
        cmocka_unit_test(test_a_new_connection_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
