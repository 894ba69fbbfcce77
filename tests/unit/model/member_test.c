/* SPDX-License-Identifier: Apache-2.0 */
/* Which users may get exports of an organization, over real tables (rows_fixture.h). There are
   users 1 to 4; user 2 is a member of organization 1. */
#include "model/member.h"

#include "rows_fixture.h"

enum { ACME = 1, OTHER = 2, MEMBER = 2, APP = 3, STRANGER = 4 };

enum { EXPORT = 77 };

/* Inserts an export of the user; 0: without a user. */
static void make_export(int64_t organization_id, int64_t user_id)
{
    char statement[256];
    run("DELETE FROM sentry_exporteddata");
    (void)snprintf(statement, sizeof(statement),
                   "INSERT INTO sentry_exporteddata (id, organization_id, user_id, date_added,"
                   " query_type, query_info) VALUES (%d, %" PRId64 ", nullif(%" PRId64
                   ", 0), now(), 0, '')",
                   EXPORT, organization_id, user_id);
    run(statement);
}

static bool ask(int64_t organization_id, int64_t user_id, bool *may)
{
    const struct exported_data row = {.organization_id = organization_id, .user_id = user_id};
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    bool done = member_may_export_add(&batch, EXPORT, &error) && pg_batch_run(&batch, &error) &&
                member_may_export_read(pg, batch.results[0], &row, may, &error);
    pg_batch_free(&batch);
    return done;
}

static bool may_export(int64_t organization_id, int64_t user_id)
{
    bool may = false;
    make_export(organization_id, user_id);
    ok(ask(organization_id, user_id, &may));
    return may;
}

static void test_members(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    assert_true(may_export(ACME, MEMBER));
    assert_false(may_export(OTHER, MEMBER));
    assert_false(may_export(ACME, STRANGER));
    assert_false(may_export(ACME, 999));
    assert_true(may_export(ACME, 0));
    run("UPDATE auth_user SET is_active = false WHERE id = 2");
    assert_false(may_export(ACME, MEMBER));
}

static void test_a_pending_invitation(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    run("UPDATE sentry_organizationmember SET user_id = NULL, email = 'ann@x.io', token = 'x'");
    assert_false(may_export(ACME, MEMBER));
}

static void test_superusers(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    run("UPDATE auth_user SET is_superuser = true WHERE id = 4");
    assert_true(may_export(ACME, STRANGER));
    run("UPDATE auth_user SET is_active = false WHERE id = 4");
    assert_false(may_export(ACME, STRANGER));
}

/* ---- Sentry apps ---- */

static void make_apps(void)
{
    run("CREATE TABLE sentry_sentryapp (id bigserial PRIMARY KEY, proxy_user_id integer UNIQUE,"
        " date_deleted timestamptz)");
    run("CREATE TABLE sentry_sentryappinstallation (id bigserial PRIMARY KEY,"
        " date_deleted timestamptz, organization_id bigint NOT NULL, sentry_app_id bigint NOT NULL,"
        " status integer NOT NULL)");
    run("INSERT INTO sentry_sentryapp (id, proxy_user_id) VALUES (7, 3), (8, NULL), (9, 4)");
    run("INSERT INTO sentry_sentryappinstallation (organization_id, sentry_app_id, status)"
        " VALUES (1, 7, 1), (2, 8, 1)");
}

static void make_app_user(void)
{
    run("UPDATE auth_user SET is_sentry_app = true WHERE id = 3");
}

static void test_no_tables_of_sentry_apps(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    make_app_user();
    assert_false(may_export(ACME, APP));
}

static void test_sentry_apps(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    make_apps();
    assert_false(may_export(ACME, APP));
    make_app_user();
    assert_true(may_export(ACME, APP));
    assert_false(may_export(OTHER, APP));
    assert_false(may_export(ACME, STRANGER));
    assert_true(may_export(ACME, MEMBER));
}

/* Each of these changes alone takes the right away. */
static void test_sentry_apps_that_are_gone(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"UPDATE sentry_sentryappinstallation SET status = 0",
         "UPDATE sentry_sentryappinstallation SET status = 1"},
        {"UPDATE sentry_sentryappinstallation SET date_deleted = now()",
         "UPDATE sentry_sentryappinstallation SET date_deleted = NULL"},
        {"UPDATE sentry_sentryapp SET date_deleted = now()",
         "UPDATE sentry_sentryapp SET date_deleted = NULL"},
        {"UPDATE auth_user SET is_active = false WHERE id = 3",
         "UPDATE auth_user SET is_active = true WHERE id = 3"},
    };
    need_database();
    make_organizations();
    make_apps();
    make_app_user();
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        run(changes[i][0]);
        assert_false(may_export(ACME, APP));
        run(changes[i][1]);
        assert_true(may_export(ACME, APP));
    }
}

/* Only exports of apps need these tables. */
static void test_a_role_that_may_not_read_sentry_apps(void **state)
{
    (void)state;
    bool may = false;
    need_database();
    make_organizations();
    make_apps();
    make_app_user();
    run("CREATE ROLE exportd_test_reader");
    run("GRANT SELECT ON auth_user, sentry_organizationmember, sentry_exporteddata TO "
        "exportd_test_reader");
    run("GRANT ALL ON sentry_exporteddata TO exportd_test_reader");
    run("SET LOCAL ROLE exportd_test_reader");
    assert_true(may_export(ACME, MEMBER));
    assert_false(may_export(ACME, STRANGER));
    make_export(ACME, APP);
    assert_false(ask(ACME, APP, &may));
    assert_int_equal(error.code, ERROR_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_members),
        ROLLED_BACK(test_a_pending_invitation),
        ROLLED_BACK(test_superusers),
        ROLLED_BACK(test_no_tables_of_sentry_apps),
        ROLLED_BACK(test_sentry_apps),
        ROLLED_BACK(test_sentry_apps_that_are_gone),
        ROLLED_BACK(test_a_role_that_may_not_read_sentry_apps),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
