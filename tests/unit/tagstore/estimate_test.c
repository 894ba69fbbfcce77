/* SPDX-License-Identifier: Apache-2.0 */
/* How many rows an export from the tables will have, over real tables (database_fixture.h). */
#include "tagstore/postgres/postgres_tagstore.h"

#include "../database_fixture.h"

/* Group 7 of project 1 has 3 values of `color`, one of them empty and one never seen, and one in
   environment 5; their counters are what `counter` inserts. */
static void make_values(const char *counter)
{
    need_database();
    run("INSERT INTO tagstore_tagkey (id, project_id, environment_id, key, values_seen, status)"
        " VALUES (1, 1, 0, 'color', 3, 0), (2, 1, 5, 'color', 1, 0), (3, 1, 0, 'hidden', 1, 1)");
    run("INSERT INTO tagstore_tagvalue (id, project_id, key_id, value, times_seen)"
        " VALUES (1, 1, 1, 'red', 1), (2, 1, 1, '', 1), (3, 1, 1, 'blue', 0), (4, 1, 2, 'red', 1),"
        " (5, 1, 3, 'red', 1)");
    run("INSERT INTO tagstore_grouptagvalue (project_id, group_id, key_id, value_id, times_seen)"
        " SELECT 1, 7, key_id, id, times_seen FROM tagstore_tagvalue");
    run(counter);
}

static int64_t estimate(int64_t group_id, int64_t environment_id, const char *key)
{
    struct tagstore *store = postgres_tagstore_new(pg);
    const struct tag_place place = {
        .project_id = 1, .group_id = group_id, .environment_id = environment_id, .key = key};
    int64_t count = -1;
    assert_non_null(store);
    ok(tagstore_estimate_values(store, &place, &count, &error));
    tagstore_free(store);
    return count;
}

static void test_counters(void **state)
{
    (void)state;
    make_values("INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)"
                " VALUES (1, 7, 1, 1000000), (1, 8, 1, 5), (1, 7, 2, 2)");
    assert_int_equal(estimate(7, 0, "color"), 1000000);
    assert_int_equal(estimate(8, 0, "color"), 5);
    assert_int_equal(estimate(7, 5, "color"), 2);
}

static void test_without_counters(void **state)
{
    (void)state;
    make_values("INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)"
                " VALUES (1, 7, 1, 0)");
    assert_int_equal(estimate(7, 0, "color"), 3);
    assert_int_equal(estimate(7, 5, "color"), 1);
    assert_int_equal(estimate(8, 0, "color"), 0);
}

static void test_no_such_key(void **state)
{
    (void)state;
    make_values("SELECT 1");
    assert_int_equal(estimate(7, 0, "shape"), 0);
    assert_int_equal(estimate(7, 6, "color"), 0);
    assert_int_equal(estimate(7, 0, "hidden"), 0);
}

/* The question is given up in time, what the caller had set is as before, and the connection comes
   back. */
static void test_table_is_locked(void **state)
{
    (void)state;
    need_database();
    struct pg *other = connect_pg();
    struct tagstore *store = postgres_tagstore_new(pg);
    const struct tag_place place = {.project_id = 1, .group_id = 7, .key = "color"};
    int64_t count = -1;
    assert_non_null(store);
    ok(pg_begin(other, &error));
    ok(pg_execute(other, "LOCK TABLE tagstore_grouptagkey IN ACCESS EXCLUSIVE MODE", NULL, NULL,
                  &error));
    (void)pg_set_patience(pg, 600000);
    int64_t before = clock_monotonic_ms();
    assert_false(tagstore_estimate_values(store, &place, &count, &error));
    assert_in_range(clock_monotonic_ms() - before, 1000, TAGSTORE_ESTIMATE_MS);
    assert_int_equal(error.code, ERROR_TIMEOUT);
    pg_free(other);
    ok(tagstore_estimate_values(store, &place, &count, &error));
    assert_int_equal(count, 0);
    assert_int_equal(pg_set_patience(pg, 0), 600000);
    tagstore_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_counters),
        ROLLED_BACK(test_without_counters),
        ROLLED_BACK(test_no_such_key),
        cmocka_unit_test(test_table_is_locked),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
