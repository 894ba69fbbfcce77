/* SPDX-License-Identifier: Apache-2.0 */
/* Which caller may have an export estimated, over a PostgreSQL of the test's own. The tagstore is
   never asked. */
#include "request/estimate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "caller_fixture.h"
#include "model/exported_data.h"

static void expect(struct fixture *fixture, const struct caller *caller,
                   const struct export_order *order, enum error_code code, const char *part)
{
    struct error error = {.code = ERROR_NONE};
    struct export_estimate estimate;
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    if (request_estimate(&context, order, NULL, &estimate, &error) || error.code != code ||
        strstr(error.message, part) == NULL)
        fail_msg("%s instead of %s: %s", error_code_name(error.code), error_code_name(code),
                 error.message);
}

static const struct export_order of_web = {.project_id = WEB, .group_id = 1, .key = "color"};

static void test_user_is_kept_to_his_projects(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    struct export_order order = of_web;
    expect(fixture, &ann, &order, ERROR_NO_SUBJECT, "Requested issue does not exist"); /* allowed */
    order.project_id = API;
    expect(fixture, &ann, &order, ERROR_DENIED, "you have no access to this project");
    order = of_web;
    order.organization = "other";
    expect(fixture, &ann, &order, ERROR_NOT_FOUND, "there is no organization \"other\"");
    order = (struct export_order){.query_type = QUERY_DISCOVER};
    json_t *query_info = json_object();
    order.query_info = query_info;
    expect(fixture, &ann, &order, ERROR_DENIED, "you have no access to all projects");
    json_decref(query_info);
}

static void test_wrong_orders(void **state)
{
    struct fixture *fixture = *state;
    struct export_order order = of_web;
    expect(fixture, &caller_operator, &order, ERROR_INVALID, "an organization is needed");
    order.organization = "acme-inc";
    order.environment = "production";
    expect(fixture, &caller_operator, &order, ERROR_NO_SUBJECT,
           "Requested environment does not exist");
    order.limit = -1;
    expect(fixture, &caller_operator, &order, ERROR_INVALID, "the limit is negative");
}

#define TEST(function) cmocka_unit_test_setup(function, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_user_is_kept_to_his_projects),
        TEST(test_wrong_orders),
    };
    return cmocka_run_group_tests(tests, start_callers, stop);
}
