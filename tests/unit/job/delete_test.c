/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes finished exports, over a private PostgreSQL. */
#include "job/delete.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../export_fixture.h"

static enum error_code delete_one(struct fixture *fixture, int64_t id, struct exported_data *row)
{
    struct error error = {.code = ERROR_NONE};
    const struct deletion deletion = {
        .data_export_id = id, .message = "not wanted", .arena = fixture->arena};
    assert_true(pg_begin(fixture->pg, &error));
    if (delete_export(fixture->pg, &deletion, row, &error))
        assert_true(pg_commit(fixture->pg, &error));
    else
        pg_rollback(fixture->pg);
    return error.code;
}

static void insert(struct fixture *fixture, const char *state)
{
    char sql[512];
    insert_row_of(fixture, 27, "'2020-03-25T12:00:00Z'");
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO exportd.export (data_export_id, date_added, organization_id,"
                   " user_id, query_type, query_info, state, attempt, failures, rows, bytes, pages)"
                   " SELECT id, date_added, organization_id, user_id, query_type, query_info, '%s',"
                   " 1, 0, 0, 0, 0 FROM sentry_exporteddata",
                   state);
    run_sql(fixture->pg, sql);
}

static void expect_rows(struct fixture *fixture, const char *expected)
{
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', (SELECT count(*) FROM sentry_exporteddata), state, message,"
               " finished_at IS NOT NULL) FROM exportd.export",
               expected);
}

static void test_finished(void **state)
{
    struct fixture *fixture = *state;
    struct exported_data row;
    insert(fixture, "valid");
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET date_finished = now(), file_id = 5;"
                         "INSERT INTO exportd.outbox (data_export_id, message_id, recipient, mime,"
                         " tries, next_try_at, state) VALUES"
                         " (27, 'a', 'r', 'x', 1, now(), 'waiting'),"
                         " (28, 'b', 'r', 'x', 1, now(), 'waiting')");
    assert_int_equal(delete_one(fixture, 27, &row), ERROR_NONE);
    assert_int_equal(row.file_id, 5);
    assert_string_equal(row.query_info, "{\"key\": \"color\"}");
    expect_rows(fixture, "0 gone not wanted t");
    expect_sql(fixture->pg, "SELECT string_agg(message_id, ' ') FROM exportd.outbox", "b");
    assert_int_equal(delete_one(fixture, 27, &row), ERROR_CONFLICT);
}

static void test_not_finished(void **state)
{
    struct fixture *fixture = *state;
    struct exported_data row;
    insert(fixture, "running");
    assert_int_equal(delete_one(fixture, 27, &row), ERROR_CONFLICT);
    expect_rows(fixture, "1 running f");
    assert_int_equal(delete_one(fixture, 28, &row), ERROR_NOT_FOUND);
}

/* The database was restored: the row of exportd.export belongs to another job and stays; the row of
   sentry_exporteddata is deleted. */
static void test_of_another_life(void **state)
{
    struct fixture *fixture = *state;
    struct exported_data row;
    insert(fixture, "failed");
    run_sql(fixture->pg,
            "UPDATE sentry_exporteddata SET date_finished = now(), date_added = now()");
    assert_int_equal(delete_one(fixture, 27, &row), ERROR_NONE);
    expect_rows(fixture, "0 failed f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_finished, prepare),
        cmocka_unit_test_setup(test_not_finished, prepare),
        cmocka_unit_test_setup(test_of_another_life, prepare),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
