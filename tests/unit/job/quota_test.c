/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas, over a private PostgreSQL. */
#include "job/quota.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../export_fixture.h"

static const struct quota settings = {{1, 1000, 100, 28}};
static const struct quota nothing = {{QUOTA_KEEP, QUOTA_KEEP, QUOTA_KEEP, QUOTA_KEEP}};

static int prepare_quotas(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture->pg, "TRUNCATE exportd.organization");
    return prepare(state);
}

static void set(struct fixture *fixture, enum quota_part part, double number)
{
    struct error error;
    struct quota change = nothing;
    change.parts[part] = number;
    if (!quota_set(fixture->pg, fixture->organization_id, &change, &error))
        fail_msg("%s", error.message);
}

static void expect_list(struct fixture *fixture, int64_t organization_id, const char *expected)
{
    struct error error;
    json_t *list = NULL;
    if (!quota_list(fixture->pg, organization_id, &settings, &list, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < json_array_size(list); i++)
        (void)json_object_del(json_array_get(list, i), "organization_id");
    char *text = json_dumps(list, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(list);
}

static void test_parts(void **state)
{
    struct fixture *fixture = *state;
    expect_list(fixture, 0, "[]");
    expect_list(fixture, fixture->organization_id,
                "[{\"organization\":\"acme\",\"weight\":1.0,\"max_running\":1000,"
                "\"max_queued\":100,\"expiration_days\":28,\"own\":[]}]");
    set(fixture, QUOTA_WEIGHT, 0.125);
    set(fixture, QUOTA_EXPIRATION_DAYS, 3);
    expect_list(fixture, 0,
                "[{\"organization\":\"acme\",\"weight\":0.125,\"max_running\":1000,"
                "\"max_queued\":100,\"expiration_days\":3,"
                "\"own\":[\"weight\",\"expiration_days\"]}]");
    set(fixture, QUOTA_WEIGHT, QUOTA_DEFAULT);
    set(fixture, QUOTA_MAX_RUNNING, 0);
    expect_list(fixture, fixture->organization_id,
                "[{\"organization\":\"acme\",\"weight\":1.0,\"max_running\":0,\"max_queued\":100,"
                "\"expiration_days\":3,\"own\":[\"max_running\",\"expiration_days\"]}]");
    set(fixture, QUOTA_MAX_RUNNING, QUOTA_DEFAULT);
    set(fixture, QUOTA_EXPIRATION_DAYS, QUOTA_DEFAULT);
    expect_list(fixture, 0, "[]");
}

static void test_an_organization_that_is_gone(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture->pg, "INSERT INTO exportd.organization (organization_id, max_queued)"
                         " VALUES (4711, 7)");
    expect_list(fixture, 0,
                "[{\"organization\":null,\"weight\":1.0,\"max_running\":1000,\"max_queued\":7,"
                "\"expiration_days\":28,\"own\":[\"max_queued\"]}]");
}

static void expect_room(struct fixture *fixture, int64_t max_queued, const char *refusal)
{
    struct error error = {.code = ERROR_NONE};
    (void)!quota_check_queued(fixture->pg, fixture->organization_id, max_queued, &error);
    assert_string_equal(error.message, refusal);
    assert_int_equal(error.code, refusal[0] == '\0' ? ERROR_NONE : ERROR_BUSY);
}

/* Exports that run or are finished do not count, nor do those of another organization. */
static void test_queued(void **state)
{
    struct fixture *fixture = *state;
    char sql[512];
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO exportd.export (data_export_id, date_added, organization_id,"
                   " query_type, query_info, state, attempt, failures, rows, bytes, pages)"
                   " SELECT n, now(), CASE n WHEN 5 THEN 0 ELSE %" PRId64 " END, 0, '',"
                   " (ARRAY['waiting', 'delayed', 'running', 'valid', 'waiting'])[n], 0, 0, 0, 0, 0"
                   " FROM generate_series(1, 5) AS n",
                   fixture->organization_id);
    run_sql(fixture->pg, sql);
    expect_room(fixture, 3, "");
    expect_room(fixture, 2, "acme has 2 exports waiting, which is the most that it may have");
    expect_room(fixture, 0, "acme has 0 exports waiting, which is the most that it may have");
    set(fixture, QUOTA_MAX_QUEUED, 1);
    expect_room(fixture, 3, "acme has 1 export waiting, which is the most that it may have");
    set(fixture, QUOTA_MAX_QUEUED, 3);
    expect_room(fixture, 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_parts, prepare_quotas),
        cmocka_unit_test_setup(test_an_organization_that_is_gone, prepare_quotas),
        cmocka_unit_test_setup(test_queued, prepare_quotas),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
