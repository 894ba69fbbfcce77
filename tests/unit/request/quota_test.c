/* SPDX-License-Identifier: Apache-2.0 */
/* Which caller may show and set quotas, over a PostgreSQL of the test's own. */
#include "request/quota.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "caller_fixture.h"

static const struct quota some = {{2, QUOTA_KEEP, 5, QUOTA_DEFAULT}};

static void expect(struct fixture *fixture, const struct caller *caller, const char *organization,
                   enum error_code code)
{
    struct error error;
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    json_t *list = NULL;
    bool allowed = code == ERROR_NONE;
    assert_int_equal(request_set_quota(&context, organization, &some, &error), allowed);
    assert_true(allowed || error.code == code);
    assert_int_equal(request_list_quotas(&context, organization, &some, &list, &error), allowed);
    assert_true(allowed || error.code == code);
    assert_int_equal(json_array_size(list), allowed ? 1 : 0);
    json_decref(list);
}

static void test_who_may(void **state)
{
    struct fixture *fixture = *state;
    const struct caller owner = load_caller(fixture, ACME, OWNER);
    expect(fixture, &owner, "acme-inc", ERROR_DENIED);
    expect(fixture, &caller_operator, "none", ERROR_NOT_FOUND);
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.organization", "0");
    expect(fixture, &caller_operator, "acme-inc", ERROR_NONE);
    expect(fixture, &caller_operator, "4711", ERROR_NONE); /* its row is gone */
    expect_sql(fixture->pg,
               "SELECT string_agg(concat_ws(' ', organization_id, weight, max_running, max_queued,"
               " expiration_days), ', ' ORDER BY organization_id) FROM exportd.organization",
               "101 2 5, 4711 2 5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_who_may, prepare)};
    return cmocka_run_group_tests(tests, start_callers, stop);
}
