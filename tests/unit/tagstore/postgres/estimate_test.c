/* SPDX-License-Identifier: Apache-2.0 */
/* The estimate of an export, over real tables (database_fixture.h). */
#include "tagstore/postgres/postgres_tagstore.h"

#include "../../database_fixture.h"

/* Group 7 of project 1 has 3 values of `color`, of which one is empty and one was never seen, and
   one value in environment 5. `counter` is the statement that inserts their counters. */
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

static void expect_no_key(int64_t environment_id, const char *key)
{
    struct tagstore *store = postgres_tagstore_new(pg);
    const struct tag_place place = {
        .project_id = 1, .group_id = 7, .environment_id = environment_id, .key = key};
    int64_t count = -1;
    assert_non_null(store);
    assert_false(tagstore_estimate_values(store, &place, &count, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    tagstore_free(store);
}

static void test_no_such_key(void **state)
{
    (void)state;
    make_values("SELECT 1");
    expect_no_key(0, "shape");
    expect_no_key(6, "color");
    expect_no_key(0, "hidden");
}

/* The question ends in time, the caller's patience is restored, and the connection comes back. */
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
    assert_false(tagstore_estimate_values(store, &place, &count, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_int_equal(pg_set_patience(pg, 0), 600000);
    tagstore_free(store);
}

static bool never_told(void *context, int64_t rows, struct error *failure)
{
    (void)context;
    (void)rows;
    return error_set(failure, ERROR_INTERNAL, "there is no estimate");
}

/* Counting takes too long and drops the connection: the rows are read all the same. */
static void test_rows_without_an_estimate(void **state)
{
    (void)state;
    make_values("ALTER TABLE tagstore_grouptagvalue RENAME TO quick_values");
    run("CREATE VIEW tagstore_grouptagvalue AS SELECT * FROM quick_values"
        " WHERE value_id = 1 AND pg_sleep(4) IS NOT NULL");
    struct tagstore *store = postgres_tagstore_new(pg);
    struct tagstore_cursor *cursor = NULL;
    struct group_tag_value_list page = {.arena = arena_new(1 << 20)};
    const struct group_tag_value_query query = {
        .project_id = 1, .group_id = 7, .key = "color", .page_size = 10, .expect = never_told};
    assert_true(store != NULL && page.arena != NULL);
    ok(tagstore_open_group_tag_values(store, &query, &cursor, &error));
    ok(tagstore_next_page(cursor, &page, &error));
    assert_int_equal(page.count, 1);
    assert_string_equal(page.items[0].value, "red");
    tagstore_close(cursor);
    tagstore_free(store);
    arena_free(page.arena);
    run("DROP VIEW tagstore_grouptagvalue");
    run("ALTER TABLE quick_values RENAME TO tagstore_grouptagvalue");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_counters),
        ROLLED_BACK(test_without_counters),
        ROLLED_BACK(test_no_such_key),
        cmocka_unit_test(test_table_is_locked),
        cmocka_unit_test(test_rows_without_an_estimate),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
