/*
 * The model against real tables: EXPORTD_TEST_DATABASE_URL names a migrated database (with
 * --standalone) without rows; tests/system/test_model.py gives it. Skipped without. Each test is a
 * transaction that is rolled back.
 */
#include "base/text.h"
#include "model/event_user.h"
#include "model/exported_data.h"
#include "model/file.h"
#include "model/migration.h"
#include "model/organization.h"
#include "model/outbox_mail.h"
#include "model/project.h"
#include "model/stored_object.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SHA1_A "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
#define SHA1_B "e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98"

static const int64_t usec_per_day = 86400 * USEC_PER_SECOND;
static const int64_t beyond_integer = 3000000000;

static struct pg *pg;
static struct arena *arena;
static struct error error;

/* Every call of the model has to succeed unless a test says otherwise. */
static void ok(bool done)
{
    if (!done)
        fail_msg("%s", error.message);
}

static struct pg *connect_pg(void)
{
    struct pg *made = pg_new(getenv("EXPORTD_TEST_DATABASE_URL"), "test");
    assert_non_null(made);
    ok(pg_connect(made, &error));
    return made;
}

static int start(void **state)
{
    (void)state;
    if (getenv("EXPORTD_TEST_DATABASE_URL") == NULL)
        return 0;
    pg = connect_pg();
    arena = arena_new((size_t)1024 * 1024);
    return arena == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    pg_free(pg);
    arena_free(arena);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    if (pg != NULL)
        ok(pg_begin(pg, &error));
    return 0;
}

static int rollback(void **state)
{
    (void)state;
    if (pg != NULL)
        pg_rollback(pg);
    return 0;
}

static void need_database(void)
{
    if (pg == NULL)
        skip();
}

static void run(const char *sql)
{
    ok(pg_script(pg, sql, &error));
}

/* The one number, or the one text as a copy, that a query answers with. */
static int64_t number_of(const char *sql)
{
    struct pg_result *result = NULL;
    ok(pg_query(pg, sql, NULL, &result, &error));
    assert_int_equal(pg_rows(result), 1);
    int64_t number = pg_int(result, 0, 0);
    pg_result_free(result);
    return number;
}

static const char *text_of(const char *sql)
{
    struct pg_result *result = NULL;
    ok(pg_query(pg, sql, NULL, &result, &error));
    assert_int_equal(pg_rows(result), 1);
    const char *text = pg_text(result, 0, 0);
    text = arena_copy(arena, text, strlen(text), &error);
    assert_non_null(text);
    pg_result_free(result);
    return text;
}

static void make_organizations(void)
{
    run("INSERT INTO sentry_organization (id, name, slug, status, date_added, default_role, flags)"
        " VALUES (1, 'Acme', 'acme', 0, now(), 'member', 1),"
        " (2, 'Other', 'other', 0, now(), 'member', 1)");
    run("INSERT INTO sentry_project (id, slug, name, organization_id, public, date_added, status)"
        " VALUES (1, 'web', 'web', 1, false, now(), 0), (2, 'api', 'api', 2, false, now(), 0)");
    run("INSERT INTO auth_user (id, password, username, first_name, email, is_staff, is_active,"
        " is_superuser, is_managed, is_password_expired, date_joined)"
        " SELECT n, '!', 'user' || n, '', (ARRAY['Ann@x.io', 'ann@x.io', 'bob@x.io', ''])[n],"
        " false, true, false, false, false, now() FROM generate_series(1, 4) AS n");
    run("INSERT INTO sentry_organizationmember (organization_id, user_id, role, flags, date_added,"
        " has_global_access, type) VALUES (1, 2, 'member', 0, now(), true, 50)");
}

static int64_t insert_export(const char *query_info)
{
    int64_t id = 0;
    ok(exported_data_insert(pg, 1, 2, QUERY_ISSUES_BY_TAG, query_info, &id, &error));
    assert_true(id > 0);
    return id;
}

/* ---- sentry_exporteddata ---- */

static void test_export_row(void **state)
{
    (void)state;
    struct exported_data row;
    need_database();
    make_organizations();
    int64_t id = insert_export("{\"key\": \"\xc3\xa4\"}");
    ok(exported_data_load(pg, id, true, arena, &row, &error));
    assert_int_equal(row.id, id);
    assert_int_equal(row.date_added, number_of("SELECT " PG_USEC("now()")));
    assert_true(row.date_finished == USEC_NONE && row.date_expired == USEC_NONE);
    assert_int_equal(row.query_type, QUERY_ISSUES_BY_TAG);
    assert_string_equal(row.query_info, "{\"key\": \"\xc3\xa4\"}");
    assert_int_equal(row.organization_id, 1);
    assert_int_equal(row.user_id, 2);
    assert_int_equal(row.file_id, 0);
    ok(exported_data_delete(pg, id, &error));
    assert_false(exported_data_load(pg, id, false, arena, &row, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_false(exported_data_load(pg, INT64_MAX, false, arena, &row, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void test_lowest_twin(void **state)
{
    (void)state;
    int64_t found = -1;
    int64_t finished = 0;
    int64_t expired = 0;
    need_database();
    make_organizations();
    ok(exported_data_lock_key(pg, 1, 2, QUERY_ISSUES_BY_TAG, "{}", &error));
    ok(exported_data_find_unfinished(pg, 1, 2, QUERY_ISSUES_BY_TAG, "{}", &found, &error));
    assert_int_equal(found, 0);
    int64_t first = insert_export("{}");
    int64_t second = insert_export("{}");
    ok(exported_data_find_unfinished(pg, 1, 2, QUERY_ISSUES_BY_TAG, "{}", &found, &error));
    assert_int_equal(found, first);
    ok(exported_data_finish(pg, first, 1, 28, &finished, &expired, &error));
    ok(exported_data_find_unfinished(pg, 1, 2, QUERY_ISSUES_BY_TAG, "{}", &found, &error));
    assert_int_equal(found, second);
    ok(exported_data_find_unfinished(pg, 1, 2, QUERY_ISSUES_BY_TAG, "{ }", &found, &error));
    assert_int_equal(found, 0);
    ok(exported_data_find_unfinished(pg, 1, beyond_integer, QUERY_DISCOVER, "{}", &found, &error));
    assert_int_equal(found, 0);
}

/* Some of these spans have a change of the clocks in them: the day of 23 or 25 hours must not
   show. */
static void test_expiration_is_exact(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    run("SET LOCAL timezone TO 'Europe/Berlin'");
    int64_t id = insert_export("{}");
    for (int64_t days = 7; days <= 364; days += 7) {
        int64_t finished = 0;
        int64_t expired = 0;
        ok(exported_data_finish(pg, id, 7, days, &finished, &expired, &error));
        assert_int_equal(expired - finished, days * usec_per_day);
        assert_int_equal(finished, number_of("SELECT " PG_USEC("now()")));
    }
    assert_int_equal(number_of("SELECT file_id FROM sentry_exporteddata"), 7);
}

static void test_list_expired(void **state)
{
    (void)state;
    int64_t ids[2];
    int64_t moment = 0;
    size_t count = 0;
    int64_t made[4];
    need_database();
    make_organizations();
    for (int i = 0; i < 4; i++) {
        made[i] = insert_export("{}");
        ok(exported_data_finish(pg, made[i], 5, i == 1 ? 1 : -1, &moment, &moment, &error));
    }
    ok(exported_data_list_expired(pg, 0, ids, 2, &count, &error));
    assert_int_equal(count, 2);
    assert_int_equal(ids[0], made[0]);
    assert_int_equal(ids[1], made[2]);
    ok(exported_data_list_expired(pg, ids[1], ids, 2, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], made[3]);
    run("UPDATE sentry_exporteddata SET file_id = NULL");
    ok(exported_data_list_expired(pg, 0, ids, 2, &count, &error));
    assert_int_equal(count, 0);
}

/* ---- files ---- */

static int64_t insert_blob(const char *path, const char *checksum)
{
    int64_t id = 0;
    ok(file_blob_insert(pg, path, 1048576, checksum, &id, &error));
    return id;
}

static void test_blob(void **state)
{
    (void)state;
    struct file_blob blob;
    bool found = true;
    bool alive = false;
    need_database();
    ok(file_blob_find(pg, SHA1_A, arena, &blob, &found, &error));
    assert_false(found);
    int64_t id = insert_blob("ab/cdef/01", SHA1_A);
    assert_int_equal(insert_blob("ab/cdef/02", SHA1_A), 0);
    run("UPDATE sentry_fileblob SET timestamp = now() - interval '25 hours'");
    ok(file_blob_find(pg, SHA1_A, arena, &blob, &found, &error));
    assert_true(found && !blob.referenced);
    assert_int_equal(blob.id, id);
    assert_string_equal(blob.path, "ab/cdef/01");
    assert_string_equal(blob.checksum, SHA1_A);
    assert_int_equal(blob.size, 1048576);
    assert_int_equal(blob.age_seconds, 25 * 3600);
    ok(file_blob_touch(pg, id, 7, &alive, &error));
    assert_true(alive);
    ok(file_blob_find(pg, SHA1_A, arena, &blob, &found, &error));
    assert_int_equal(blob.age_seconds, 0);
    assert_int_equal(blob.size, 7);
    ok(file_blob_touch(pg, id + 1, 7, &alive, &error));
    assert_false(alive);
}

static void test_another_path_of_a_blob(void **state)
{
    (void)state;
    struct file_blob blob;
    bool found = false;
    bool changed = true;
    need_database();
    int64_t id = insert_blob("../etc", SHA1_A);
    ok(file_blob_change_path(pg, id, "", "ab/cdef/01", 8, &changed, &error));
    assert_false(changed);
    ok(file_blob_change_path(pg, id + 1, "../etc", "ab/cdef/01", 8, &changed, &error));
    assert_false(changed);
    ok(file_blob_change_path(pg, id, "../etc", "ab/cdef/01", 8, &changed, &error));
    assert_true(changed);
    run("UPDATE sentry_fileblob SET path = NULL WHERE path = 'ab/cdef/01' AND size = 8");
    ok(file_blob_change_path(pg, id, "", "ab/cdef/02", 9, &changed, &error));
    assert_true(changed);
    ok(file_blob_find(pg, SHA1_A, arena, &blob, &found, &error));
    assert_string_equal(blob.path, "ab/cdef/02");
    assert_int_equal(blob.size, 9);
}

static void test_file(void **state)
{
    (void)state;
    struct stored_file file;
    struct file_blob *blobs = NULL;
    size_t count = 0;
    int64_t id = 0;
    need_database();
    int64_t a = insert_blob("a", SHA1_A);
    int64_t b = insert_blob("b", SHA1_B);
    const int64_t ids[] = {b, a, b};
    const int64_t sizes[] = {1048576, 1048576, 10};
    ok(file_insert(pg, "x.csv", 2097162, SHA1_A, ids, sizes, 3, &id, &error));
    ok(file_load(pg, id, arena, &file, &error));
    assert_string_equal(file.name, "x.csv");
    assert_int_equal(file.size, 2097162);
    assert_string_equal(file.checksum, SHA1_A);
    assert_string_equal(text_of("SELECT type || ' ' || headers FROM sentry_file"),
                        "export.csv {\"Content-Type\": \"text/csv\"}");
    assert_string_equal(text_of("SELECT string_agg(\"offset\"::text, ' ' ORDER BY \"offset\")"
                                " FROM sentry_fileblobindex"),
                        "0 1048576 2097152");
    ok(file_blobs(pg, id, arena, &blobs, &count, &error));
    assert_int_equal(count, 3);
    assert_true(blobs[0].id == b && blobs[1].id == a && blobs[2].id == b);
    assert_true(blobs[0].referenced);
}

/* As an unfinished upload of Sentry leaves it: no size, no checksum. */
static void test_incomplete_file(void **state)
{
    (void)state;
    struct stored_file file;
    struct file_blob *blobs = NULL;
    size_t count = 9;
    int64_t id = 0;
    need_database();
    ok(file_insert(pg, "empty.csv", 0, SHA1_A, NULL, NULL, 0, &id, &error));
    run("UPDATE sentry_file SET size = NULL, checksum = NULL");
    ok(file_load(pg, id, arena, &file, &error));
    assert_int_equal(file.size, -1);
    assert_string_equal(file.checksum, "");
    ok(file_blobs(pg, id, arena, &blobs, &count, &error));
    assert_int_equal(count, 0);
    assert_false(file_load(pg, id + 1, arena, &file, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void test_delete_file(void **state)
{
    (void)state;
    int64_t id = 0;
    int64_t moment = 0;
    need_database();
    make_organizations();
    int64_t blob = insert_blob("a", SHA1_A);
    const int64_t size = 1048576;
    ok(file_insert(pg, "x.csv", size, SHA1_A, &blob, &size, 1, &id, &error));
    int64_t export = insert_export("{}");
    ok(exported_data_finish(pg, export, id, 28, &moment, &moment, &error));
    ok(file_delete(pg, id, &error));
    ok(file_delete(pg, id, &error));
    assert_int_equal(number_of("SELECT (SELECT count(*) FROM sentry_file) + (SELECT count(*)"
                               " FROM sentry_fileblobindex)"),
                     0);
    assert_int_equal(number_of("SELECT count(*) FROM sentry_exporteddata WHERE file_id IS NULL"
                               " AND date_finished IS NOT NULL"),
                     1);
    assert_int_equal(number_of("SELECT count(*) FROM sentry_fileblob"), 1);
}

static void assert_deleted(int64_t id, bool expected)
{
    bool deleted = !expected;
    ok(file_blob_delete_unused(pg, id, &deleted, &error));
    assert_int_equal(deleted, expected);
}

/* Whatever refers to a blob keeps it. */
static void test_delete_unused_blob(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    int64_t id = insert_blob("a", SHA1_A);
    int64_t file = 0;
    const int64_t size = 1048576;
    ok(file_insert(pg, "x.csv", size, SHA1_A, &id, &size, 1, &file, &error));
    assert_deleted(id, false);
    run("DELETE FROM sentry_fileblobindex");
    run("UPDATE sentry_file SET blob_id = (SELECT id FROM sentry_fileblob)");
    assert_deleted(id, false);
    run("UPDATE sentry_file SET blob_id = NULL");
    run("INSERT INTO sentry_fileblobowner (blob_id, organization_id)"
        " SELECT id, 1 FROM sentry_fileblob");
    assert_deleted(id, false);
    run("DELETE FROM sentry_fileblobowner");
    assert_deleted(id, true);
    assert_deleted(id, false);
}

static void test_lock_blobs(void **state)
{
    (void)state;
    bool all = false;
    need_database();
    int64_t a = insert_blob("a", SHA1_A);
    int64_t b = insert_blob("b", SHA1_B);
    const int64_t there[] = {b, a, b, a};
    const int64_t gone[] = {a, b + 1};
    ok(file_blob_lock(pg, there, 4, &all, &error));
    assert_true(all);
    ok(file_blob_lock(pg, gone, 2, &all, &error));
    assert_false(all);
    ok(file_blob_lock(pg, NULL, 0, &all, &error));
    assert_true(all);
}

/* A blob that an outcome has locked cannot be deleted under its hands; nor does touching it wait.
 */
static void test_locked_blob_stays(void **state)
{
    (void)state;
    bool flag = false;
    need_database();
    int64_t id = insert_blob("a", SHA1_A);
    ok(pg_commit(pg, &error));
    ok(pg_begin(pg, &error));
    ok(file_blob_lock(pg, &id, 1, &flag, &error));
    struct pg *other = connect_pg();
    ok(pg_begin(other, &error));
    ok(pg_script(other, "SET LOCAL lock_timeout TO '200ms'", &error));
    ok(file_blob_touch(other, id, 7, &flag, &error));
    assert_true(flag);
    assert_false(file_blob_delete_unused(other, id, &flag, &error));
    assert_int_equal(error.code, ERROR_TIMEOUT);
    pg_free(other);
    assert_deleted(id, true);
    ok(pg_commit(pg, &error));
}

/* ---- exportd's own tables ---- */

static void test_stored_objects(void **state)
{
    (void)state;
    struct stored_object *objects = NULL;
    size_t count = 0;
    bool deleted = true;
    const char *const paths[] = {"aa/1", "aa/2", "aa/3"};
    const char *const checksums[] = {SHA1_A, SHA1_B, SHA1_A};
    need_database();
    run("INSERT INTO exportd.export (data_export_id, date_added, organization_id, query_type,"
        " query_info, state, attempt, failures, rows, bytes, pages)"
        " SELECT n, now(), 1, 0, '{}', (ARRAY['running', 'delayed'])[n], 4, 0, 0, 0, 0"
        " FROM generate_series(1, 2) AS n");
    ok(stored_object_insert(pg, paths, checksums, 1, 1, 4, &error));     /* running */
    ok(stored_object_insert(pg, paths, checksums, 3, 1, 3, &error));     /* an attempt before */
    ok(stored_object_insert(pg, &paths[2], checksums, 1, 2, 4, &error)); /* stays as it is */
    ok(stored_object_list_abandoned(pg, "", 10, arena, &objects, &count, &error));
    assert_int_equal(count, 2);
    assert_string_equal(objects[0].path, "aa/2");
    assert_string_equal(objects[0].checksum, SHA1_B);
    assert_int_equal(objects[1].data_export_id, 1);
    assert_int_equal(objects[1].attempt, 3);
    ok(stored_object_list_abandoned(pg, "aa/2", 10, arena, &objects, &count, &error));
    assert_int_equal(count, 1);
    assert_string_equal(objects[0].path, "aa/3");
    run("UPDATE exportd.export SET state = 'delayed'");
    ok(stored_object_list_abandoned(pg, "", 1, arena, &objects, &count, &error));
    assert_int_equal(count, 1);
    assert_string_equal(objects[0].path, "aa/1");
    ok(stored_object_delete(pg, "aa/1", &deleted, &error));
    assert_true(deleted);
    ok(stored_object_delete(pg, "aa/1", &deleted, &error));
    assert_false(deleted);
}

static struct outbox_mail claim(bool expected)
{
    struct outbox_mail mail = {.id = 0};
    bool found = !expected;
    ok(outbox_mail_claim(pg, 60, arena, &mail, &found, &error));
    assert_int_equal(found, expected);
    return mail;
}

static int64_t waiting(void)
{
    int64_t count = -1;
    ok(outbox_mail_count_waiting(pg, &count, &error));
    return count;
}

static void test_outbox(void **state)
{
    (void)state;
    need_database();
    claim(false);
    ok(outbox_mail_insert(pg, 27, "<1@x>", "ann@x.io", "Subject: a\n\nb\n", &error));
    struct outbox_mail mail = claim(true);
    assert_int_equal(mail.data_export_id, 27);
    assert_string_equal(mail.message_id, "<1@x>");
    assert_string_equal(mail.recipient, "ann@x.io");
    assert_string_equal(mail.mime, "Subject: a\n\nb\n");
    assert_int_equal(mail.mime_size, 14);
    assert_int_equal(mail.tries, 1);
    claim(false); /* held back */
    ok(outbox_mail_retry(pg, &mail, 0, "away", &error));
    assert_string_equal(text_of("SELECT message FROM exportd.outbox"), "away");
    struct outbox_mail second = claim(true);
    assert_int_equal(second.tries, 2);
    ok(outbox_mail_sent(pg, &mail, &error)); /* the first try is not asked any more */
    assert_int_equal(waiting(), 1);
    ok(outbox_mail_sent(pg, &second, &error));
    assert_int_equal(waiting(), 0);
    ok(outbox_mail_give_up(pg, &second, "no", &error));
    assert_string_equal(text_of("SELECT state FROM exportd.outbox"), "sent");
}

/* The new mail of the same export is a mail of its own: the old one's fate does not touch it. */
static void test_replaced_mail(void **state)
{
    (void)state;
    need_database();
    ok(outbox_mail_insert(pg, 27, "<1@x>", "ann@x.io", "old", &error));
    struct outbox_mail old = claim(true);
    ok(outbox_mail_insert(pg, 27, "<2@x>", "bob@x.io", "new", &error));
    struct outbox_mail new = claim(true);
    assert_int_equal(new.tries, old.tries);
    assert_string_equal(new.mime, "new");
    ok(outbox_mail_sent(pg, &old, &error));
    assert_int_equal(waiting(), 1);
    ok(outbox_mail_give_up(pg, &new, "550 no such user", &error));
    assert_int_equal(waiting(), 0);
    assert_string_equal(text_of("SELECT state || ' ' || message FROM exportd.outbox"),
                        "given-up 550 no such user");
}

/* ---- what an export asks about ---- */

static void assert_group(int64_t project_id, int64_t id, int64_t expected)
{
    int64_t group_id = -1;
    ok(group_with_redirect(pg, project_id, id, &group_id, &error));
    assert_int_equal(group_id, expected);
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
    assert_group(1, 71, 0); /* one hop only */
    assert_group(1, 8, 8);  /* it is there: its redirect does not count */
    assert_group(1, 9, 0);  /* of another project */
    assert_group(1, 90, 0); /* leads into another project */
    assert_group(2, 90, 9);
    assert_group(1, -1, 0);
    assert_group(beyond_integer, INT64_MAX, 0);
}

static void test_project(void **state)
{
    (void)state;
    bool exists = false;
    need_database();
    make_organizations();
    ok(project_exists(pg, 1, 1, &exists, &error));
    assert_true(exists);
    ok(project_exists(pg, 1, 2, &exists, &error));
    assert_false(exists);
    ok(project_exists(pg, 1, INT64_MIN, &exists, &error));
    assert_false(exists);
    ok(project_exists(pg, 1, beyond_integer, &exists, &error));
    assert_false(exists);
    int64_t organization_id = 0;
    ok(project_organization(pg, 2, &organization_id, &error));
    assert_int_equal(organization_id, 2);
    assert_false(project_organization(pg, beyond_integer, &organization_id, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void test_environment(void **state)
{
    (void)state;
    bool exists = true;
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
    ok(environment_exists(pg, 1, 7, &exists, &error));
    assert_false(exists);
    ok(environment_exists(pg, 2, 7, &exists, &error));
    assert_true(exists);
}

static void test_users_of_tags(void **state)
{
    (void)state;
    struct event_user users[7];
    const char *const values[] = {
        "id:7", "email:7", "username:b\xc3\xb6", "ip:10.0.0.1", "id:7", "bad\xff:x", "nobody"};
    need_database();
    run("INSERT INTO sentry_eventuser (project_id, hash, ident, email, username, ip_address,"
        " date_added) SELECT 1, md5(coalesce(ident, username, host(ip))), ident, email, username,"
        " ip, now() FROM (VALUES ('7', 'ann@x.io', 'ann', NULL), (NULL, '', E'b\\u00f6', NULL),"
        " (NULL, NULL, NULL, '10.0.0.1'::inet)) AS made (ident, email, username, ip)");
    ok(event_user_for_tags(pg, 1, values, 7, arena, users, &error));
    assert_string_equal(users[0].ident, "7");
    assert_string_equal(users[0].email, "ann@x.io");
    assert_string_equal(users[0].username, "ann");
    assert_null(users[0].ip_address);
    assert_null(users[1].ident); /* found by its hash, but known by another keyword */
    assert_null(users[1].email);
    assert_string_equal(users[2].username, "b\xc3\xb6");
    assert_string_equal(users[2].email, "");
    assert_string_equal(users[3].ip_address, "10.0.0.1"); /* without /32 */
    assert_string_equal(users[4].ident, "7");
    assert_null(users[5].ident);
    assert_null(users[6].ident);
    ok(event_user_for_tags(pg, beyond_integer, values, 7, arena, users, &error));
    assert_null(users[0].ident);
    ok(event_user_for_tags(pg, 1, values, 0, arena, users, &error));
}

/* ---- organizations and users ---- */

static void test_organization(void **state)
{
    (void)state;
    int64_t id = 0;
    const char *slug = NULL;
    need_database();
    make_organizations();
    ok(organization_find(pg, "other", &id, &error));
    assert_int_equal(id, 2);
    assert_false(organization_find(pg, "Other", &id, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    ok(organization_slug(pg, 2, arena, &slug, &error));
    assert_string_equal(slug, "other");
    assert_false(organization_slug(pg, beyond_integer, arena, &slug, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void assert_no_member(const char *email_or_id, const char *part_of_message)
{
    int64_t id = 0;
    assert_false(user_find_member(pg, 1, email_or_id, &id, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, part_of_message));
}

/* Users 1 and 2 share an address but for its case; 2 is the member. */
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

static void test_user_email(void **state)
{
    (void)state;
    const char *email = NULL;
    need_database();
    make_organizations();
    ok(user_email(pg, 3, arena, &email, &error));
    assert_string_equal(email, "bob@x.io");
    ok(user_email(pg, 4, arena, &email, &error));
    assert_string_equal(email, "");
    ok(user_email(pg, beyond_integer, arena, &email, &error));
    assert_null(email);
}

/* ---- migrations ---- */

static void test_migration_check(void **state)
{
    (void)state;
    need_database();
    ok(migration_check(pg, &error));
    run("INSERT INTO exportd.migration VALUES ('exportd/0999_future.sql', 'x', now())");
    ok(migration_check(pg, &error));
    run("DELETE FROM exportd.migration WHERE name = 'exportd/0001_jobs.sql'");
    assert_false(migration_check(pg, &error));
    assert_int_equal(error.code, ERROR_QUERY);
    assert_non_null(strstr(error.message, "exportd/0001_jobs.sql: run `exportd migrate`"));
    run("DROP SCHEMA exportd CASCADE");
    assert_false(migration_check(pg, &error));
    assert_int_equal(error.code, ERROR_QUERY);
    assert_non_null(strstr(error.message, "run `exportd migrate`"));
}

#define ROLLED_BACK(test) cmocka_unit_test_setup_teardown(test, begin, rollback)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_export_row),
        ROLLED_BACK(test_lowest_twin),
        ROLLED_BACK(test_expiration_is_exact),
        ROLLED_BACK(test_list_expired),
        ROLLED_BACK(test_blob),
        ROLLED_BACK(test_another_path_of_a_blob),
        ROLLED_BACK(test_file),
        ROLLED_BACK(test_incomplete_file),
        ROLLED_BACK(test_delete_file),
        ROLLED_BACK(test_delete_unused_blob),
        ROLLED_BACK(test_lock_blobs),
        ROLLED_BACK(test_locked_blob_stays),
        ROLLED_BACK(test_stored_objects),
        ROLLED_BACK(test_outbox),
        ROLLED_BACK(test_replaced_mail),
        ROLLED_BACK(test_group_with_redirect),
        ROLLED_BACK(test_project),
        ROLLED_BACK(test_environment),
        ROLLED_BACK(test_users_of_tags),
        ROLLED_BACK(test_organization),
        ROLLED_BACK(test_find_member),
        ROLLED_BACK(test_user_email),
        ROLLED_BACK(test_migration_check),
    };
    return cmocka_run_group_tests(tests, start, end);
}
