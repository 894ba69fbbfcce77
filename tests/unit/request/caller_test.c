/* SPDX-License-Identifier: Apache-2.0 */
/* Which caller may see which exports, over a PostgreSQL of the test's own. Asks find, open_file,
   cleanup and rescue, too. */
#include "request/caller.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "caller_fixture.h"
#include "request/cleanup.h"
#include "request/find.h"
#include "request/open_file.h"
#include "request/rescue.h"

/* ---- what a caller gets for an export ---- */

static enum error_code find(struct fixture *fixture, const struct caller *caller, int64_t id)
{
    struct error error = {.code = ERROR_NONE};
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    json_t *export = NULL;
    if (request_find(&context, id, &export, &error))
        assert_int_equal(json_integer_value(json_object_get(export, "id")), id);
    else
        assert_null(export);
    json_decref(export);
    return error.code;
}

static struct error open_file(struct fixture *fixture, const struct caller *caller, int64_t id)
{
    struct error error = {.code = ERROR_NONE};
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    struct stored_file file;
    (void)!request_open_file(&context, id, fixture->arena, &file, &error);
    return error;
}

/* `expected`: the ids of the list, each with a blank after it. */
static void expect_list(struct fixture *fixture, const struct caller *caller, const char *expected)
{
    struct error error;
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    const struct export_filter all = {.before = 0};
    struct export_list list;
    char ids[128] = "";
    if (!request_list(&context, &all, 10, &list, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < json_array_size(list.exports); i++) {
        size_t used = strlen(ids);
        (void)snprintf(ids + used, sizeof(ids) - used, "%" JSON_INTEGER_FORMAT " ",
                       json_integer_value(json_object_get(json_array_get(list.exports, i), "id")));
    }
    assert_string_equal(ids, expected);
    json_decref(list.exports);
}

/* An export of another owner must look as if it did not exist. */
static void expect_unknown(struct fixture *fixture, const struct caller *caller, int64_t id)
{
    char message[64];
    (void)snprintf(message, sizeof(message), "there is no export %" PRId64, id);
    struct error error = open_file(fixture, caller, id);
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_string_equal(error.message, message);
    assert_int_equal(find(fixture, caller, id), ERROR_NOT_FOUND);
}

/* The caller sees the export, which has no file yet. */
static void expect_unfinished(struct fixture *fixture, const struct caller *caller, int64_t id)
{
    struct error error = open_file(fixture, caller, id);
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "is not finished yet"));
    assert_int_equal(find(fixture, caller, id), ERROR_NONE);
}

/* ---- whose export ---- */

static void test_operator_sees_all(void **state)
{
    struct fixture *fixture = *state;
    insert_export(fixture, 1, ANN, WEB);
    insert_row_of(fixture, 2, "now()");
    expect_unfinished(fixture, &caller_operator, 1);
    expect_unfinished(fixture, &caller_operator, 2);
    expect_unknown(fixture, &caller_operator, 3);
    expect_unknown(fixture, &caller_operator, 0);
    expect_list(fixture, &caller_operator, "2 1 ");
}

static void test_users_see_their_own(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    insert_export(fixture, 1, ANN, WEB);
    insert_export(fixture, 2, BOB, WEB);
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET user_id = NULL WHERE id = 2");
    insert_export(fixture, 3, BOB, WEB);
    expect_unfinished(fixture, &ann, 1);
    expect_unknown(fixture, &ann, 2);
    expect_unknown(fixture, &ann, 3);
    expect_unknown(fixture, &ann, 4);
    expect_list(fixture, &ann, "1 ");
}

static void test_managers_and_owners_see_their_organization(void **state)
{
    struct fixture *fixture = *state;
    const struct caller manager = load_caller(fixture, ACME, MANAGER);
    const struct caller owner = load_caller(fixture, ACME, OWNER);
    const struct caller stranger = load_caller(fixture, OTHER, STRANGER);
    insert_export(fixture, 1, ANN, WEB);
    insert_export(fixture, 2, BOB, API);
    insert_row_of(fixture, 3, "now()");
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET user_id = 1003 WHERE id = 3");
    expect_unfinished(fixture, &manager, 1);
    expect_unfinished(fixture, &owner, 2);
    expect_list(fixture, &manager, "2 1 ");
    expect_list(fixture, &owner, "2 1 ");
    expect_unknown(fixture, &manager, 3); /* the manager's own, but of another organization */
    expect_unknown(fixture, &stranger, 1);
    expect_list(fixture, &stranger, "");
}

/* The row of a failed export is deleted. The history that exportd keeps has an owner, too. */
static void test_deleted_rows_keep_their_owner(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    const struct caller bob = load_caller(fixture, ACME, BOB);
    insert_export(fixture, 1, ANN, WEB);
    run_sql(fixture->pg,
            "INSERT INTO exportd.export (data_export_id, date_added, organization_id, user_id,"
            " query_type, query_info, state, attempt, failures, rows, bytes, pages, message)"
            " SELECT id, date_added, organization_id, user_id, query_type, query_info, 'failed', 1,"
            " 1, 0, 0, 0, 'Requested issue does not exist' FROM sentry_exporteddata;"
            "DELETE FROM sentry_exporteddata");
    struct error error = open_file(fixture, &ann, 1);
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_string_equal(error.message, "export 1 has failed: Requested issue does not exist");
    assert_int_equal(find(fixture, &ann, 1), ERROR_NONE);
    expect_list(fixture, &ann, "1 ");
    expect_unknown(fixture, &bob, 1);
    expect_list(fixture, &bob, "");
    run_sql(fixture->pg, "UPDATE exportd.export SET query_info = '{\"project_id\": \"202\","
                         " \"group_id\": \"1\", \"key\": \"color\"}'");
    assert_int_equal(find(fixture, &ann, 1), ERROR_DENIED);
    assert_int_equal(open_file(fixture, &ann, 1).code, ERROR_DENIED);
}

/* ---- projects ---- */

static void test_projects_of_teams(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    const struct caller bob = load_caller(fixture, ACME, BOB);
    assert_false(ann.every_project);
    assert_int_equal(ann.projects.count, 1);
    assert_int_equal(bob.projects.count, 0);
    insert_export(fixture, 1, ANN, WEB);
    insert_export(fixture, 2, ANN, API);
    insert_export(fixture, 3, ANN, WEB);
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET query_type = 1,"
                         " query_info = '{\"field\": \"title\"}' WHERE id = 3");
    assert_int_equal(find(fixture, &ann, 1), ERROR_NONE);
    assert_int_equal(find(fixture, &ann, 2), ERROR_DENIED);
    assert_int_equal(open_file(fixture, &ann, 2).code, ERROR_DENIED);
    assert_int_equal(find(fixture, &ann, 3), ERROR_DENIED); /* asks about all projects */
    expect_list(fixture, &ann, "1 ");
    /* the same payload, but of another type */
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET query_type = 1 WHERE id = 1");
    assert_int_equal(find(fixture, &ann, 1), ERROR_DENIED);
    assert_int_equal(open_file(fixture, &ann, 1).code, ERROR_DENIED);
    expect_list(fixture, &ann, "");
}

static void test_open_joining_gives_all_projects(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture->pg, "UPDATE sentry_organization SET flags = 1 WHERE id = 101");
    const struct caller ann = load_caller(fixture, ACME, ANN);
    run_sql(fixture->pg, "UPDATE sentry_organization SET flags = 0 WHERE id = 101");
    insert_export(fixture, 1, ANN, API);
    insert_export(fixture, 2, BOB, API);
    expect_unfinished(fixture, &ann, 1);
    expect_unknown(fixture, &ann, 2);
}

/* ---- callers that may not ask at all ---- */

static void expect_denied(struct fixture *fixture, const struct caller *caller)
{
    struct error error;
    const struct request_context context = {.caller = caller, .pg = fixture->pg};
    const struct export_filter all = {.before = 0};
    struct export_list list;
    int64_t count = 0;
    for (int64_t id = 1; id <= 2; id++) { /* 2 does not exist, which the answer must not tell */
        assert_int_equal(find(fixture, caller, id), ERROR_DENIED);
        assert_int_equal(open_file(fixture, caller, id).code, ERROR_DENIED);
    }
    assert_false(request_list(&context, &all, 10, &list, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_false(request_count(&context, &all, &count, &error));
    assert_int_equal(error.code, ERROR_DENIED);
}

static void test_incomplete_callers(void **state)
{
    struct fixture *fixture = *state;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    struct caller caller = {.kind = CALLER_NONE};
    insert_export(fixture, 1, ANN, WEB);
    expect_denied(fixture, &caller);
    caller = ann;
    caller.user_id = 0;
    expect_denied(fixture, &caller);
    caller = ann;
    caller.organization_id = 0;
    expect_denied(fixture, &caller);
    caller = ann;
    caller.scopes = 1 << 10; /* org:read */
    expect_denied(fixture, &caller);
    caller.scopes = SCOPE_EVENT_READ;
    expect_unfinished(fixture, &caller, 1);
}

static void test_no_members(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t pairs[][2] = {{ACME, STRANGER}, {OTHER, ANN}, {ACME, INACTIVE},
                                       {ACME, ODD_ROLE}, {ACME, 0},    {0, ANN}};
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        struct error error;
        struct caller caller = {.organization_id = pairs[i][0], .user_id = pairs[i][1]};
        assert_false(caller_load_member(&caller, fixture->pg, fixture->arena, &error));
        assert_int_equal(error.code, ERROR_DENIED);
        assert_int_equal(caller.kind, CALLER_NONE);
    }
}

static void test_what_is_for_operators(void **state)
{
    struct fixture *fixture = *state;
    const struct caller owner = load_caller(fixture, ACME, OWNER);
    const struct request_context context = {.caller = &owner, .pg = fixture->pg};
    const struct cleanup_order order = {.dry_run = true};
    struct cleanup_summary summary;
    struct error error;
    json_t *exports = NULL;
    assert_false(request_list_forgotten(&context, NULL, &exports, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_false(request_queue_again(&context, 1, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_false(request_cleanup(&context, &order, &summary, &error));
    assert_int_equal(error.code, ERROR_DENIED);
}

/* ---- the file ---- */

static void test_file(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    struct stored_file file;
    const struct caller ann = load_caller(fixture, ACME, ANN);
    const struct request_context context = {.caller = &ann, .pg = fixture->pg};
    insert_export(fixture, 1, ANN, WEB);
    run_sql(fixture->pg,
            "INSERT INTO sentry_file (id, name, type, timestamp, headers, size, checksum) VALUES"
            " (7, 'a.csv', 'export.csv', now(), '{}', 3, '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'"
            ");UPDATE sentry_exporteddata SET date_finished = now(), date_expired = now(),"
            " file_id = 7");
    assert_true(request_open_file(&context, 1, fixture->arena, &file, &error));
    assert_int_equal(file.id, 7);
    assert_string_equal(file.name, "a.csv");
    assert_int_equal(file.size, 3);
    assert_string_equal(file.checksum, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
    run_sql(fixture->pg, "UPDATE sentry_exporteddata SET file_id = NULL");
    assert_false(request_open_file(&context, 1, fixture->arena, &file, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "has expired"));
}

#define TEST(function) cmocka_unit_test_setup(function, prepare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_operator_sees_all),
        TEST(test_users_see_their_own),
        TEST(test_managers_and_owners_see_their_organization),
        TEST(test_deleted_rows_keep_their_owner),
        TEST(test_projects_of_teams),
        TEST(test_open_joining_gives_all_projects),
        TEST(test_incomplete_callers),
        TEST(test_no_members),
        TEST(test_what_is_for_operators),
        TEST(test_file),
    };
    return cmocka_run_group_tests(tests, start_callers, stop);
}
