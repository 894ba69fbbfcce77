/* SPDX-License-Identifier: Apache-2.0 */
/* Cancels exports as different callers, over a PostgreSQL of the test's own. */
#include "request/cancel.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "caller_fixture.h"

static void expect_refused(struct fixture *fixture, const struct caller *caller, int64_t id,
                           enum error_code code)
{
    struct error error;
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    assert_false(request_cancel(&context, id, &error));
    assert_int_equal(error.code, code);
}

static void expect_cancelled(struct fixture *fixture, const struct caller *caller, int64_t id,
                             const char *audit)
{
    struct error error;
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    if (!request_cancel(&context, id, &error))
        fail_msg("%s", error.message);
    expect_sql(
        fixture->pg,
        "SELECT concat_ws(' ', a.action, data_export_id, a.organization_id, a.user_id, actor,"
        " x.state, x.message) FROM exportd.audit a JOIN exportd.export x"
        " USING (data_export_id) ORDER BY a.id DESC LIMIT 1",
        audit);
    expect_refused(fixture, caller, id, ERROR_CONFLICT);
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
    expect_refused(fixture, &bob, 1, ERROR_NOT_FOUND);
    expect_refused(fixture, &stranger, 1, ERROR_NOT_FOUND);
    expect_refused(fixture, &none, 1, ERROR_DENIED);
    expect_refused(fixture, &none, 4, ERROR_DENIED);
    expect_refused(fixture, &ann, 4, ERROR_NOT_FOUND);
    expect_sql(fixture->pg,
               "SELECT (SELECT count(*) FROM sentry_exporteddata)"
               " + (SELECT count(*) FROM exportd.audit)",
               "3");
    expect_cancelled(fixture, &ann, 1, "cancel 1 101 1001 user:1001 cancelled cancelled by a user");
    expect_cancelled(fixture, &owner, 2,
                     "cancel 2 101 1001 user:1004 cancelled cancelled by a user");
    expect_cancelled(fixture, &caller_operator, 3,
                     "cancel 3 101 1001 operator cancelled cancelled by an operator");
    expect_refused(fixture, &bob, 1, ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_who_may, prepare)};
    return cmocka_run_group_tests(tests, start_callers, stop);
}
