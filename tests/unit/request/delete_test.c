/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes exports as different callers, over a PostgreSQL of the test's own. The test of the files
   is tests/system/test_delete.py. */
#include "request/delete.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "caller_fixture.h"

static void expect(struct fixture *fixture, const struct caller *caller, int64_t id,
                   enum error_code code, const char *message)
{
    struct error error = {.code = ERROR_NONE};
    const struct upload_locks locks = {.redis = NULL};
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    const struct delete_order order = {.data_export_id = id, .locks = &locks};
    (void)!request_delete(&context, &order, &error);
    assert_string_equal(error.message, message);
    assert_int_equal(error.code, code);
}

static void test_who_may(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    const struct caller bob = load_caller(fixture, ACME, BOB);
    const struct caller owner = load_caller(fixture, ACME, OWNER);
    const struct caller stranger = load_caller(fixture, OTHER, STRANGER);
    const struct caller none = {.kind = CALLER_NONE};
    for (int64_t id = 1; id <= 3; id++)
        insert_export(fixture, id, ANN, WEB);
    expect(fixture, &ann, 1, ERROR_CONFLICT, "export 1 is not finished: cancel it first");
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET date_finished = now()");
    expect(fixture, &bob, 1, ERROR_NOT_FOUND, "there is no export 1");
    expect(fixture, &stranger, 1, ERROR_NOT_FOUND, "there is no export 1");
    expect(fixture, &none, 1, ERROR_DENIED, "you may not ask for exports");
    expect(fixture, &ann, 4, ERROR_NOT_FOUND, "there is no export 4");
    expect_sql(fixture->pg, "SELECT count(*) FROM sentry_exporteddata", "3");
    expect(fixture, &ann, 1, ERROR_NONE, "");
    expect(fixture, &owner, 2, ERROR_NONE, "");
    expect(fixture, &caller_operator, 3, ERROR_NONE, "");
    expect(fixture, &ann, 1, ERROR_NOT_FOUND, "there is no export 1");
    expect_sql(fixture->pg,
               "SELECT string_agg(concat_ws(' ', action, data_export_id, organization_id, user_id,"
               " actor), ', ' ORDER BY id) FROM exportd.audit",
               "delete 1 101 1001 user:1001, delete 2 101 1001 user:1004,"
               " delete 3 101 1001 operator");
}

static void test_what_has_no_file(void **state)
{
    struct fixture *fixture = *state;
    insert_export(fixture, 1, ANN, WEB);
    run_sql(fixture->pg,
            "INSERT INTO exportd.export (data_export_id, date_added, organization_id, user_id,"
            " query_type, query_info, state, attempt, failures, rows, bytes, pages)"
            " SELECT id, date_added, organization_id, user_id, query_type, query_info, 'failed',"
            " 1, 0, 0, 0, 0 FROM sentry_exporteddata; DELETE FROM sentry_exporteddata");
    expect(fixture, &caller_operator, 1, ERROR_CONFLICT, "export 1 is failed: it has no file");
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'running'");
    expect(fixture, &caller_operator, 1, ERROR_CONFLICT,
           "export 1 is not finished: cancel it first");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_who_may, prepare),
        cmocka_unit_test_setup(test_what_has_no_file, prepare),
    };
    return cmocka_run_group_tests(tests, start_callers, stop);
}
