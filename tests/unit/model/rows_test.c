/* SPDX-License-Identifier: Apache-2.0 */
/* exported_data.c, project.c, group.c, event_user.c, organization.c and user.c, over real tables
   (database_fixture.h). tests/system/test_units.py gives the database. */
#include "model/event_user.h"
#include "model/group.h"
#include "model/organization.h"
#include "model/project.h"

#include "rows_fixture.h"

static const int64_t usec_per_day = 86400 * USEC_PER_SECOND;
static const int64_t beyond_integer = 3000000000;

/* ---- sentry_exporteddata ---- */

static void test_export_row(void **state)
{
    (void)state;
    struct exported_data row;
    need_database();
    make_organizations();
    int64_t id = insert_export("{\"key\": \"\xc3\xa4\"}");
    ok(exported_data_load(pg, id, arena, &row, &error));
    assert_int_equal(row.id, id);
    assert_int_equal(row.date_added, number_of("SELECT " PG_USEC("now()")));
    assert_true(row.date_finished == USEC_NONE && row.date_expired == USEC_NONE);
    assert_int_equal(row.query_type, QUERY_ISSUES_BY_TAG);
    assert_string_equal(row.query_info, "{\"key\": \"\xc3\xa4\"}");
    assert_int_equal(row.organization_id, 1);
    assert_int_equal(row.user_id, 2);
    assert_int_equal(row.file_id, 0);
    ok(exported_data_delete(pg, id, &error));
    assert_false(exported_data_load(pg, id, arena, &row, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_false(exported_data_load(pg, INT64_MAX, arena, &row, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void test_lowest_twin(void **state)
{
    (void)state;
    const struct exported_data_key key = {1, 2, QUERY_ISSUES_BY_TAG, "{}"};
    const struct exported_data_key other_text = {1, 2, QUERY_ISSUES_BY_TAG, "{ }"};
    const struct exported_data_key other_user = {1, beyond_integer, QUERY_DISCOVER, "{}"};
    int64_t found = -1;
    need_database();
    make_organizations();
    ok(exported_data_lock_key(pg, &key, &error));
    ok(exported_data_find_unfinished(pg, &key, &found, &error));
    assert_int_equal(found, 0);
    int64_t first = insert_export("{}");
    int64_t second = insert_export("{}");
    ok(exported_data_find_unfinished(pg, &key, &found, &error));
    assert_int_equal(found, first);
    (void)finish_export(first, 28, NULL, NULL, 0);
    ok(exported_data_find_unfinished(pg, &key, &found, &error));
    assert_int_equal(found, second);
    ok(exported_data_find_unfinished(pg, &other_text, &found, &error));
    assert_int_equal(found, 0);
    ok(exported_data_find_unfinished(pg, &other_user, &found, &error));
    assert_int_equal(found, 0);
}

/* Some of these spans include a change of the clocks: a day of 23 or 25 hours must not matter. */
static void test_expiration_is_exact(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    run("SET LOCAL timezone TO 'Europe/Berlin'");
    int64_t id = insert_export("{}");
    for (int64_t days = 7; days <= 364; days += 7) {
        struct exported_data_locked locked;
        int64_t file = finish_export(id, days, NULL, NULL, 0);
        ok(exported_data_lock(pg, id, arena, &locked, &error));
        assert_int_equal(locked.row.date_expired - locked.row.date_finished, days * usec_per_day);
        assert_int_equal(locked.row.date_finished, number_of("SELECT " PG_USEC("now()")));
        assert_int_equal(locked.now, locked.row.date_finished);
        assert_int_equal(locked.row.file_id, file);
    }
}

static void test_list_expired(void **state)
{
    (void)state;
    int64_t items[2];
    struct exported_data_ids ids = {.items = items, .max = 2};
    int64_t made[4];
    need_database();
    make_organizations();
    for (int i = 0; i < 4; i++) {
        made[i] = insert_export("{}");
        (void)finish_export(made[i], i == 1 ? 1 : -1, NULL, NULL, 0);
    }
    ok(exported_data_list_expired(pg, 0, &ids, &error));
    assert_int_equal(ids.count, 2);
    assert_int_equal(items[0], made[0]);
    assert_int_equal(items[1], made[2]);
    ok(exported_data_list_expired(pg, items[1], &ids, &error));
    assert_int_equal(ids.count, 1);
    assert_int_equal(items[0], made[3]);
    run("UPDATE sentry_exporteddata SET file_id = NULL");
    ok(exported_data_list_expired(pg, 0, &ids, &error));
    assert_int_equal(ids.count, 0);
}

/* ---- the subject of an export ---- */

static void test_group_seen(void **state)
{
    (void)state;
    int64_t first = 0;
    int64_t last = 0;
    need_database();
    make_organizations();
    run("INSERT INTO sentry_groupedmessage (id, project_id, logger, level, message, status,"
        " times_seen, first_seen, last_seen, time_spent_total, time_spent_count, score)"
        " SELECT id, 1, '', 40, '', 3, 1, first::timestamptz, last::timestamptz, 0, 0, 0"
        " FROM (VALUES (7, '1970-01-01 00:00:01+00', '9999-12-31 23:59:59+00'),"
        " (8, '294276-12-31 00:00:00+00', 'infinity'),"
        " (9, '-infinity', '0001-12-31 00:00:00+00 BC')) AS made (id, first, last)");
    ok(group_read_seen(pg, 7, &first, &last, &error));
    assert_int_equal(first, 1000000);
    assert_int_equal(last, INT64_C(253402300799000000));
    for (int64_t id = 8; id <= 10; id++) {
        ok(group_read_seen(pg, id, &first, &last, &error));
        assert_int_equal(first, USEC_NONE);
        assert_int_equal(last, USEC_NONE);
    }
}

static struct subject subject_of(struct subject_ids ids)
{
    struct subject subject = {.group_id = -1};
    ok(subject_find(pg, &ids, &subject, &error));
    return subject;
}

static void assert_group(int64_t project_id, int64_t id, int64_t expected)
{
    int64_t group_id = -1;
    const struct subject_ids ids = {.project_id = project_id, .group_id = id};
    ok(group_with_redirect(pg, project_id, id, &group_id, &error));
    assert_int_equal(group_id, expected);
    assert_int_equal(subject_of(ids).group_id, expected);
}

static void test_group_with_redirect(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    run("INSERT INTO sentry_groupedmessage (id, project_id, logger, level, message, status,"
        " times_seen, last_seen, first_seen, time_spent_total, time_spent_count, score)"
        " SELECT id, project, '', 40, '', 3, 1, now(), now(), 0, 0, 0"
        " FROM (VALUES (7, 1), (8, 1), (9, 2)) AS made (id, project)");
    run("INSERT INTO sentry_groupredirect (previous_group_id, group_id)"
        " VALUES (70, 7), (71, 70), (90, 9), (8, 7)");
    assert_group(1, 7, 7);
    assert_group(1, 70, 7);
    assert_group(1, 71, 0); /* one redirect only */
    assert_group(1, 8, 8);  /* exists: its redirect is not followed */
    assert_group(1, 9, 0);  /* belongs to another project */
    assert_group(1, 90, 0); /* leads into another project */
    assert_group(2, 90, 9);
    assert_group(1, -1, 0);
    assert_group(beyond_integer, INT64_MAX, 0);
}

static bool has_project(int64_t organization_id, int64_t project_id)
{
    const struct subject_ids ids = {
        .organization_id = organization_id, .project_id = project_id, .all_environments = true};
    struct subject subject = subject_of(ids);
    assert_true(subject.has_environment);
    assert_int_equal(subject.group_id, 0);
    return subject.has_project;
}

static bool has_environment(int64_t organization_id, int64_t environment_id)
{
    const struct subject_ids ids = {.organization_id = organization_id,
                                    .environment_id = environment_id};
    return subject_of(ids).has_environment;
}

static void test_project(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    assert_true(has_project(1, 1));
    assert_false(has_project(1, 2));
    assert_false(has_project(1, INT64_MIN));
    assert_false(has_project(1, beyond_integer));
    int64_t organization_id = 0;
    ok(project_organization(pg, 2, &organization_id, &error));
    assert_int_equal(organization_id, 2);
    assert_false(project_organization(pg, beyond_integer, &organization_id, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void test_project_by_slug(void **state)
{
    (void)state;
    int64_t id = 0;
    need_database();
    make_organizations();
    run("INSERT INTO sentry_project (id, slug, name, organization_id, public, date_added, status)"
        " VALUES (11, 'shop', '', 1, false, now(), 0), (12, 'shop', '', 2, false, now(), 0),"
        " (13, 'blog', '', 2, false, now(), 0)");
    ok(project_find(pg, 1, "shop", &id, &error));
    assert_int_equal(id, 11);
    ok(project_find(pg, 2, "shop", &id, &error));
    assert_int_equal(id, 12);
    ok(project_find(pg, 0, "blog", &id, &error));
    assert_int_equal(id, 13);
    assert_false(project_find(pg, 0, "shop", &id, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_false(project_find(pg, 1, "blog", &id, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_false(project_find(pg, 1, "92233720368547758080", &id, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    ok(project_find(pg, 1, "4711", &id, &error)); /* needs no row */
    assert_int_equal(id, 4711);
}

static void test_environment(void **state)
{
    (void)state;
    int64_t id = -1;
    need_database();
    run("INSERT INTO sentry_environment (id, organization_id, name, date_added)"
        " VALUES (5, 1, 'prod', now()), (6, 1, '', now()), (7, 2, 'prod', now())");
    ok(environment_find(pg, 1, "prod", &id, &error));
    assert_int_equal(id, 5);
    ok(environment_find(pg, 1, "", &id, &error));
    assert_int_equal(id, 6);
    ok(environment_find(pg, 1, "Prod", &id, &error));
    assert_int_equal(id, 0);
    ok(environment_find(pg, beyond_integer, "prod", &id, &error));
    assert_int_equal(id, 0);
    assert_false(has_environment(1, 7));
    assert_true(has_environment(2, 7));
    assert_false(has_environment(1, 0));
}

static void test_users_of_tags(void **state)
{
    (void)state;
    struct event_user users[7];
    const char *const values[] = {
        "id:7", "email:7", "username:b\xc3\xb6", "ip:10.0.0.1", "id:7", "bad\xff:x", "nobody"};
    const struct tag_users page = {.values = values, .users = users, .count = 7};
    const struct tag_users none = {.values = values, .users = users, .count = 0};
    need_database();
    run("INSERT INTO sentry_eventuser (project_id, hash, ident, email, username, ip_address,"
        " date_added) SELECT 1, md5(coalesce(ident, username, host(ip))), ident, email, username,"
        " ip, now() FROM (VALUES ('7', 'ann@x.io', 'ann', NULL), (NULL, '', E'b\\u00f6', NULL),"
        " (NULL, NULL, NULL, '10.0.0.1'::inet)) AS made (ident, email, username, ip)");
    ok(event_user_for_tags(pg, 1, &page, arena, &error));
    assert_string_equal(users[0].ident, "7");
    assert_string_equal(users[0].email, "ann@x.io");
    assert_string_equal(users[0].username, "ann");
    assert_null(users[0].ip_address);
    assert_null(users[1].ident); /* found by its hash, but has another keyword */
    assert_null(users[1].email);
    assert_string_equal(users[2].username, "b\xc3\xb6");
    assert_string_equal(users[2].email, "");
    assert_string_equal(users[3].ip_address, "10.0.0.1"); /* without /32 */
    assert_string_equal(users[4].ident, "7");
    assert_null(users[5].ident);
    assert_null(users[6].ident);
    ok(event_user_for_tags(pg, beyond_integer, &page, arena, &error));
    assert_null(users[0].ident);
    ok(event_user_for_tags(pg, 1, &none, arena, &error));
}

/* ---- organizations and users ---- */

static void test_organization(void **state)
{
    (void)state;
    int64_t id = 0;
    need_database();
    make_organizations();
    ok(organization_find(pg, "other", &id, &error));
    assert_int_equal(id, 2);
    assert_false(organization_find(pg, "Other", &id, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void assert_no_member(const char *email_or_id, const char *part_of_message)
{
    int64_t id = 0;
    assert_false(user_find_member(pg, 1, email_or_id, &id, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, part_of_message));
}

/* Users 1 and 2 share an address, apart from its case; 2 is the member. */
static void test_find_member(void **state)
{
    (void)state;
    int64_t id = 0;
    need_database();
    make_organizations();
    ok(user_find_member(pg, 1, "ANN@x.io", &id, &error));
    assert_int_equal(id, 2);
    ok(user_find_member(pg, 1, "2", &id, &error));
    assert_int_equal(id, 2);
    assert_no_member("1", "no member");
    assert_no_member("bob@x.io", "no member");
    assert_no_member("eve@x.io", "no user");
    assert_no_member("3000000000", "no user");
    assert_no_member("99999999999999999999", "no user");
}

static void assert_no_user(const char *email_or_id, enum error_code code)
{
    int64_t id = 0;
    assert_false(user_find(pg, email_or_id, &id, &error));
    assert_int_equal(error.code, code);
}

static void test_find_user(void **state)
{
    (void)state;
    int64_t id = 0;
    need_database();
    make_organizations();
    ok(user_find(pg, "BOB@x.io", &id, &error));
    assert_int_equal(id, 3);
    ok(user_find(pg, "3000000000", &id, &error));
    assert_int_equal(id, 3000000000);
    assert_no_user("ann@x.io", ERROR_CONFLICT);
    assert_no_user("eve@x.io", ERROR_NOT_FOUND);
    assert_no_user("", ERROR_NOT_FOUND);
    assert_no_user("0", ERROR_NOT_FOUND);
}

/* exported_data_lock also reads what the mail needs. */
static void test_lock_export(void **state)
{
    (void)state;
    struct exported_data_locked locked;
    need_database();
    make_organizations();
    int64_t id = insert_export("{}");
    run("UPDATE sentry_exporteddata SET user_id = 3");
    ok(exported_data_lock(pg, id, arena, &locked, &error));
    assert_string_equal(locked.email, "bob@x.io");
    assert_string_equal(locked.organization_slug, text_of("SELECT slug FROM sentry_organization"
                                                          " WHERE id = 1"));
    assert_int_equal(locked.row.id, id);
    assert_int_equal(exported_data_expiry(&locked, 2) - locked.now, 2 * usec_per_day);
    run("INSERT INTO exportd.organization (organization_id, expiration_days) VALUES (1, 9)");
    run("UPDATE sentry_exporteddata SET user_id = 4");
    ok(exported_data_lock(pg, id, arena, &locked, &error));
    assert_string_equal(locked.email, "");
    assert_int_equal(exported_data_expiry(&locked, 2) - locked.now, 9 * usec_per_day);
    run("UPDATE sentry_exporteddata SET user_id = NULL");
    ok(exported_data_lock(pg, id, arena, &locked, &error));
    assert_null(locked.email);
    assert_int_equal(locked.row.user_id, 0);
    assert_false(exported_data_lock(pg, INT64_MAX, arena, &locked, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_export_row),
        ROLLED_BACK(test_lowest_twin),
        ROLLED_BACK(test_expiration_is_exact),
        ROLLED_BACK(test_list_expired),
        ROLLED_BACK(test_group_with_redirect),
        ROLLED_BACK(test_group_seen),
        ROLLED_BACK(test_project),
        ROLLED_BACK(test_project_by_slug),
        ROLLED_BACK(test_environment),
        ROLLED_BACK(test_users_of_tags),
        ROLLED_BACK(test_organization),
        ROLLED_BACK(test_find_member),
        ROLLED_BACK(test_find_user),
        ROLLED_BACK(test_lock_export),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
