/* SPDX-License-Identifier: Apache-2.0 */
/* Retries exports as different callers, over a PostgreSQL of the test's own. Covers get_or_create,
   too. */
#include "request/retry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "caller_fixture.h"

static int64_t retry(struct fixture *fixture, const struct caller *caller, int64_t id,
                     struct error *error)
{
    struct created_export retried = {.id = 0};
    const struct request_context context = {
        .caller = caller, .pg = fixture->pg, .queue_name = "data_export", .max_queued = 2};
    *error = (struct error){.code = ERROR_NONE};
    return request_retry(&context, id, &retried, error) ? retried.id : 0;
}

static void expect_refused(struct fixture *fixture, const struct caller *caller, int64_t id,
                           enum error_code code, const char *part)
{
    struct error error;
    assert_int_equal(retry(fixture, caller, id, &error), 0);
    if (error.code != code || strstr(error.message, part) == NULL)
        fail_msg("%s instead of %s: %s", error_code_name(error.code), error_code_name(code),
                 error.message);
}

static int64_t expect_retried(struct fixture *fixture, const struct caller *caller, int64_t id)
{
    struct error error;
    int64_t as = retry(fixture, caller, id, &error);
    if (as == 0)
        fail_msg("%s", error.message);
    return as;
}

/* Inserts an export of ANN's that exportd has in this state. A failed one has no row in
   sentry_exporteddata any more. */
static void insert(struct fixture *fixture, int64_t id, const char *state)
{
    char sql[640];
    insert_export(fixture, id, ANN, WEB);
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO exportd.export (data_export_id, date_added, organization_id,"
                   " user_id, query_type, query_info, \"limit\", environment_id, priority, queue,"
                   " state, attempt, failures, rows, bytes, pages, next_try_at)"
                   " SELECT id, date_added, organization_id, user_id, query_type, query_info, 7, 4,"
                   " 3, 'data_export', '%s', 1, 1, 0, 0, 0, now() + interval '1 hour'"
                   " FROM sentry_exporteddata WHERE id = %" PRId64 ";"
                   "DELETE FROM sentry_exporteddata e USING exportd.export x"
                   " WHERE data_export_id = id AND x.state IN ('failed', 'cancelled', 'gone')",
                   state, id);
    run_sql(fixture->pg, sql);
}

static void expect_audit(struct fixture *fixture, const char *expected)
{
    expect_sql(fixture->pg,
               "SELECT string_agg(concat_ws(' ', action, data_export_id > 100000, actor, detail),"
               " ', ' ORDER BY id) FROM exportd.audit",
               expected);
    run_sql(fixture->pg, "TRUNCATE exportd.audit");
}

static int prepare_audit(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture->pg, "TRUNCATE exportd.audit, exportd.organization;"
                         "SELECT setval('sentry_exporteddata_id_seq', 100000)");
    return prepare(state);
}

static void test_failed(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    insert(fixture, 27, "failed");
    int64_t as = expect_retried(fixture, &ann, 27);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', x.state, x.source, x.priority, x.\"limit\","
               " x.environment_id, x.retry_of, x.attempt, x.failures, e.date_finished,"
               " e.user_id, e.query_info) FROM exportd.export x"
               " JOIN sentry_exporteddata e ON id = data_export_id",
               "waiting cli 3 7 4 27 0 0 1001"
               " {\"project_id\": \"201\", \"group_id\": \"1\", \"key\": \"color\"}");
    expect_audit(fixture, "create t user:1001, retry f user:1001 as export 100001");
    assert_int_equal(as, 100001);
    assert_int_equal(expect_retried(fixture, &caller_operator, 27), as); /* the twin */
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.audit", "0");
}

static void test_cancelled(void **state)
{
    struct fixture *fixture = *state;
    insert(fixture, 27, "cancelled");
    assert_int_equal(expect_retried(fixture, &caller_operator, 27), 100001);
}

static void test_twin_with_another_limit(void **state)
{
    struct fixture *fixture = *state;
    insert(fixture, 27, "failed");
    insert(fixture, 28, "running");
    assert_int_equal(expect_retried(fixture, &caller_operator, 27), 28);
    run_sql(fixture->pg, "UPDATE exportd.export SET \"limit\" = 8 WHERE data_export_id = 28");
    expect_refused(fixture, &caller_operator, 27, ERROR_CONFLICT, "export 28 of the same query");
}

static void test_delayed(void **state)
{
    struct fixture *fixture = *state;
    insert(fixture, 27, "delayed");
    assert_int_equal(expect_retried(fixture, &caller_operator, 27), 27);
    expect_sql(fixture->pg,
               "SELECT concat_ws(' ', state, failures, next_try_at)"
               " FROM exportd.export",
               "waiting 1");
    expect_audit(fixture, "retry f operator due now");
}

static void test_other_states(void **state)
{
    struct fixture *fixture = *state;
    static const char *const states[][2] = {{"waiting", "waits already"},
                                            {"running", "is running"},
                                            {"valid", "has succeeded"},
                                            {"gone", "is gone"}};
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        insert(fixture, 27, states[i][0]);
        expect_refused(fixture, &caller_operator, 27, ERROR_CONFLICT, states[i][1]);
        (void)prepare(state);
    }
    insert_export(fixture, 27, ANN, WEB);
    expect_refused(fixture, &caller_operator, 27, ERROR_CONFLICT, "has not taken in export 27");
    expect_refused(fixture, &caller_operator, 28, ERROR_NOT_FOUND, "there is no export 28");
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.audit", "0");
}

static void test_who_may(void **state)
{
    struct fixture *fixture = *state;
    const struct caller bob = load_caller(fixture, ACME, BOB);
    const struct caller owner = load_caller(fixture, ACME, OWNER);
    const struct caller stranger = load_caller(fixture, OTHER, STRANGER);
    const struct caller none = {.kind = CALLER_NONE};
    insert(fixture, 27, "failed");
    insert(fixture, 28, "delayed");
    for (int64_t id = 27; id <= 28; id++) {
        expect_refused(fixture, &bob, id, ERROR_NOT_FOUND, "there is no export");
        expect_refused(fixture, &stranger, id, ERROR_NOT_FOUND, "there is no export");
        expect_refused(fixture, &none, id, ERROR_DENIED, "you may not");
    }
    expect_sql(fixture->pg, "SELECT count(*) FROM exportd.export WHERE state = 'delayed'", "1");
    assert_int_equal(expect_retried(fixture, &owner, 28), 28);
}

static void test_without_its_user(void **state)
{
    struct fixture *fixture = *state;
    insert(fixture, 27, "failed");
    run_sql(fixture->pg, "UPDATE exportd.export SET user_id = 4711");
    expect_refused(fixture, &caller_operator, 27, ERROR_NOT_FOUND, "export 27: the user is gone");
    run_sql(fixture->pg, "UPDATE exportd.export SET user_id = NULL");
    expect_refused(fixture, &caller_operator, 27, ERROR_NOT_FOUND, "export 27: the user is gone");
    run_sql(fixture->pg, "UPDATE exportd.export SET user_id = 1001, organization_id = 4711");
    expect_refused(fixture, &caller_operator, 27, ERROR_NOT_FOUND,
                   "export 27: the organization is gone");
}

static void test_quota(void **state)
{
    struct fixture *fixture = *state;
    insert(fixture, 27, "failed");
    insert(fixture, 28, "waiting");
    insert(fixture, 29, "delayed");
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET query_info = id");
    expect_refused(fixture, &caller_operator, 27, ERROR_BUSY, "acme-inc has 2 exports waiting");
    assert_int_equal(expect_retried(fixture, &caller_operator, 29), 29);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_failed, prepare_audit),
        cmocka_unit_test_setup(test_cancelled, prepare_audit),
        cmocka_unit_test_setup(test_twin_with_another_limit, prepare_audit),
        cmocka_unit_test_setup(test_delayed, prepare_audit),
        cmocka_unit_test_setup(test_other_states, prepare_audit),
        cmocka_unit_test_setup(test_who_may, prepare_audit),
        cmocka_unit_test_setup(test_without_its_user, prepare_audit),
        cmocka_unit_test_setup(test_quota, prepare_audit),
    };
    return cmocka_run_group_tests(tests, start_callers, stop);
}
