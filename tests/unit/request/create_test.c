/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for exports as different callers, over a PostgreSQL of the test's own. Covers get_or_create,
   resolve and tag_export, too. */
#include "request/create.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "caller_fixture.h"
#include "model/exported_data.h"
#include "request/tag_export.h"

/* The error of the request; its code is ERROR_NONE after a success. */
static struct error create(struct fixture *fixture, const struct caller *caller,
                           const struct export_order *order)
{
    struct error error = {.code = ERROR_NONE};
    struct created_export created;
    const struct request_context context = {
        .caller = caller, .pg = fixture->pg, .queue_name = "data_export", .max_queued = 1};
    (void)!request_create(&context, order, &created, &error);
    return error;
}

static void expect(struct fixture *fixture, const struct caller *caller,
                   const struct export_order *order, enum error_code code, const char *part)
{
    struct error error = create(fixture, caller, order);
    if (error.code != code || strstr(error.message, part) == NULL)
        fail_msg("%s instead of %s: %s", error_code_name(error.code), error_code_name(code),
                 error.message);
}

static const struct export_order by_operator = {.organization = "acme-inc",
                                                .user = "1001@example.com",
                                                .project_id = WEB,
                                                .group_id = 1,
                                                .key = "color"};
static const struct export_order by_user = {.project_id = WEB, .group_id = 1, .key = "color"};

/* Asking twice makes one export, which waits. */
static void expect_made(struct fixture *fixture, const struct caller *caller,
                        const struct export_order *order)
{
    expect(fixture, caller, order, ERROR_NONE, "");
    expect_sql(fixture->pg,
               "SELECT string_agg(concat_ws(' ', state, queue, source, attempt), ',')"
               " FROM exportd.export",
               "waiting data_export cli 0");
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', organization_id, user_id, query_type, query_info)"
               " FROM sentry_exporteddata",
               "101 1001 0 {\"project_id\": \"201\", \"group_id\": \"1\", \"key\": \"color\"}");
}

static void test_operator_creates(void **state)
{
    struct fixture *fixture = *state;
    expect_made(fixture, &caller_operator, &by_operator);
    expect_made(fixture, &caller_operator, &by_operator); /* the same row */
}

static void test_user_creates_own(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    struct export_order order = by_user;
    expect_made(fixture, &ann, &order);
    order.organization = "acme-inc";
    expect_made(fixture, &ann, &order);
}

/* An export that exportd has finished is no twin, even while its row still exists. */
static void test_twin_that_is_over(void **state)
{
    struct fixture *fixture = *state;
    expect_made(fixture, &caller_operator, &by_operator);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'gone'");
    expect(fixture, &caller_operator, &by_operator, ERROR_NONE, "");
    expect_sql(fixture->pg,
               "SELECT string_agg(state, ' ' ORDER BY data_export_id)"
               " FROM exportd.export",
               "gone waiting");
}

static void test_user_is_kept_to_own_exports(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    const struct caller owner = load_caller(fixture, ACME, OWNER);
    const struct tag_export target = {.output.sink = NULL};
    const struct request_context context = {.caller = &ann, .pg = fixture->pg};
    struct export_order order = by_user;
    struct error error;
    order.organization = "other";
    expect(fixture, &ann, &order, ERROR_NOT_FOUND, "there is no organization \"other\"");
    order.organization = "none";
    expect(fixture, &ann, &order, ERROR_NOT_FOUND, "there is no organization \"none\"");
    order = by_user;
    order.project_id = API;
    expect(fixture, &ann, &order, ERROR_DENIED, "you have no access to this project");
    bool truncated = false;
    assert_false(request_tag_export(&context, &order, &target, &truncated, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    order = by_operator;
    expect(fixture, &owner, &order, ERROR_DENIED, "of your own only");
    expect_sql(fixture->pg, "SELECT count(*) FROM sentry_exporteddata", "0");
}

static void test_wrong_orders(void **state)
{
    struct fixture *fixture = *state;
    struct export_order order = by_operator;
    order.key = NULL;
    expect(fixture, &caller_operator, &order, ERROR_INVALID, "key");
    order = by_operator;
    order.organization = NULL;
    expect(fixture, &caller_operator, &order, ERROR_INVALID, "organization");
    order = by_operator;
    order.user = NULL;
    expect(fixture, &caller_operator, &order, ERROR_INVALID, "user");
    order = by_operator;
    order.query_type = QUERY_DISCOVER;
    expect(fixture, &caller_operator, &order, ERROR_INVALID, "query_info");
    order = by_operator;
    order.query_type = 7;
    expect(fixture, &caller_operator, &order, ERROR_INVALID, "query type 7");
    order = by_operator;
    order.environment = "production";
    expect(fixture, &caller_operator, &order, ERROR_NOT_FOUND, "no environment of this name");
    order = by_operator;
    order.user = "1005@example.com";
    expect(fixture, &caller_operator, &order, ERROR_NOT_FOUND, "is no member");
}

static void test_twin_with_another_limit(void **state)
{
    struct fixture *fixture = *state;
    struct export_order order = by_operator;
    insert_export(fixture, 27, ANN, WEB);
    run_sql(fixture->pg,
            "INSERT INTO exportd.export (data_export_id, date_added, organization_id, user_id,"
            " query_type, query_info, state, attempt, failures, rows, bytes, pages)"
            " SELECT id, date_added, organization_id, user_id, query_type, query_info, 'running',"
            " 1, 0, 0, 0, 0 FROM sentry_exporteddata");
    order.limit = 10;
    expect(fixture, &caller_operator, &order, ERROR_CONFLICT, "export 27 of the same query");
    order.limit = 0;
    expect(fixture, &caller_operator, &order, ERROR_NONE, "");
    expect_sql(fixture->pg, "SELECT string_agg(id::text, ' ') FROM sentry_exporteddata", "27");
}

/* With the quota used up, an unfinished twin is still the answer, whether or not exportd knows it.
 */
static void test_quota_of_waiting_exports(void **state)
{
    struct fixture *fixture = *state;
    struct export_order other = by_operator;
    other.key = "shape";
    expect_made(fixture, &caller_operator, &by_operator);
    expect(fixture, &caller_operator, &other, ERROR_BUSY,
           "acme-inc has 1 export waiting, which is the most that it may have");
    expect_made(fixture, &caller_operator, &by_operator);
    insert_export(fixture, 27, BOB, WEB);
    other = by_operator;
    other.user = "1002@example.com";
    expect(fixture, &caller_operator, &other, ERROR_NONE, "");
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.export", "2");
}

#define TEST(function) cmocka_unit_test_setup(function, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_operator_creates),
        TEST(test_user_creates_own),
        TEST(test_twin_that_is_over),
        TEST(test_user_is_kept_to_own_exports),
        TEST(test_wrong_orders),
        TEST(test_twin_with_another_limit),
        TEST(test_quota_of_waiting_exports),
    };
    return cmocka_run_group_tests(tests, start_callers, stop);
}
