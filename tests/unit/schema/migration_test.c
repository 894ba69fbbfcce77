/* SPDX-License-Identifier: Apache-2.0 */
/* migration_check, over real tables (database_fixture.h). tests/system/test_units.py runs it with a
   database; tests/system/test_migrate.py tests migration_apply. */
#include "schema/migration.h"

#include "../database_fixture.h"

static void test_migration_check(void **state)
{
    (void)state;
    need_database();
    ok(migration_check(pg, &error));
    run("INSERT INTO exportd.migration VALUES ('exportd/0999_future.sql', 'x', now())");
    ok(migration_check(pg, &error));
    run("DELETE FROM exportd.migration WHERE name = 'exportd/0001_jobs.sql'");
    assert_false(migration_check(pg, &error));
    assert_int_equal(error.code, ERROR_QUERY);
    assert_non_null(strstr(error.message, "exportd/0001_jobs.sql: run `exportd migrate`"));
    run("DROP SCHEMA exportd CASCADE");
    assert_false(migration_check(pg, &error));
    assert_int_equal(error.code, ERROR_QUERY);
    assert_non_null(strstr(error.message, "run `exportd migrate`"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_migration_check),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
