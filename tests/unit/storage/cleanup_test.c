/* SPDX-License-Identifier: Apache-2.0 */
/* What a cleanup removes, and what it leaves. */
#include "storage/cleanup.h"

#include "upload_fixture.h"

#include "model/organization.h"

enum { MANY = 100, OVER_A_PAGE = 101 };

static int64_t organization_id;
static struct cleanup_result result;

static struct cleanup cleanup_of(bool dry_run)
{
    result = (struct cleanup_result){.files = 0};
    return (struct cleanup){.pg = pg, .locks = &locks, .store = store, .dry_run = dry_run};
}

static void expect_result(const struct cleanup_result *expected)
{
    assert_int_equal(result.files, expected->files);
    assert_int_equal(result.blobs, expected->blobs);
    assert_int_equal(result.objects, expected->objects);
    assert_int_equal(result.bytes, expected->bytes);
    assert_int_equal(result.failed, expected->failed);
}

#define EXPECT_RESULT(...) expect_result(&(struct cleanup_result){__VA_ARGS__})

static int open_with_organization(void **state)
{
    int done = open_all(state);
    if (pg != NULL)
        ok(organization_create(pg, "acme", &organization_id, &error));
    return done;
}

static void expect_row(const char *sql, const char *expected)
{
    assert_string_equal(text_of(sql), expected);
}

/* ---- expired exports ---- */

/* An export whose file, with the same id, has these chunks. */
static void insert_export(int64_t id, const char *letters, const char *expires_in)
{
    char sql[384];
    const struct upload upload = upload_of(id);
    uploaded_file_free(&file);
    ok(put(&upload, letters, MANY));
    insert_file(id);
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO sentry_exporteddata (id, date_added, date_finished, date_expired,"
                   " query_type, query_info, organization_id, file_id) VALUES (%" PRId64
                   ", now(), now(), now() + interval '%s', 0, '{}', %" PRId64 ", %" PRId64 ")",
                   id, expires_in, organization_id, id);
    run(sql);
}

static void clean_expired(bool dry_run)
{
    const struct cleanup cleanup = cleanup_of(dry_run);
    ok(cleanup_expired_exports(&cleanup, &result, &error));
}

/* Blob B is shared with an export that has not expired. */
static void insert_both(void)
{
    insert_export(1, "ABA", "-1 second");
    insert_export(2, "BC", "1 hour");
    expect(3, 3, 0);
}

static void test_an_expired_export(void **state)
{
    (void)state;
    need_database();
    insert_both();
    clean_expired(false);
    EXPECT_RESULT(.files = 1, .blobs = 1, .objects = 1, .bytes = BLOB_SIZE);
    expect(2, 2, 0);
    expect_row("SELECT string_agg(concat_ws(' ', id, file_id), ',' ORDER BY id)"
               " FROM sentry_exporteddata",
               "1,2 2");
    expect_row("SELECT string_agg(id::text, ',') FROM sentry_file", "2");
    expect_row("SELECT string_agg(file_id::text, ',') FROM sentry_fileblobindex", "2,2");
    expect_row("SELECT concat_ws(' ', action, data_export_id, actor) FROM exportd.audit",
               "expiry 1 cleanup");
    clean_expired(false);
    EXPECT_RESULT(.files = 0);
}

static void test_a_dry_run(void **state)
{
    (void)state;
    need_database();
    insert_both();
    clean_expired(true);
    EXPECT_RESULT(.files = 1, .blobs = 1, .objects = 1, .bytes = BLOB_SIZE);
    expect(3, 3, 0);
    expect_row("SELECT count(*) FROM sentry_file", "2");
}

/* The last one that holds a blob frees it. */
static void test_two_expired_exports_share_a_blob(void **state)
{
    (void)state;
    need_database();
    insert_export(1, "AB", "-1 second");
    insert_export(2, "BC", "-1 second");
    clean_expired(false);
    EXPECT_RESULT(.files = 2, .blobs = 3, .objects = 3, .bytes = 3 * BLOB_SIZE);
    expect(0, 0, 0);
}

/* It is reported, and the rows go. */
static void test_a_missing_object_of_an_expired_export(void **state)
{
    (void)state;
    need_database();
    insert_export(1, "AB", "-1 second");
    ok(blob_store_remove(store, file.made[0].path, &error));
    clean_expired(false);
    EXPECT_RESULT(.files = 1, .blobs = 2, .objects = 1, .bytes = BLOB_SIZE, .failed = 1);
    expect(0, 0, 0);
}

/* What cannot be removed stays in the journal, and a later cleanup removes it. */
static void test_a_store_that_is_away(void **state)
{
    (void)state;
    need_database();
    insert_export(1, "AB", "-1 second");
    assert_int_equal(rename(root, moved), 0);
    clean_expired(false);
    EXPECT_RESULT(.files = 1, .blobs = 2, .failed = 2);
    expect(0, 2, 2);
    assert_int_equal(rename(moved, root), 0);
    const struct cleanup cleanup = cleanup_of(false);
    ok(cleanup_abandoned_objects(&cleanup, &result, &error));
    EXPECT_RESULT(.objects = 2, .bytes = 2 * BLOB_SIZE);
    expect(0, 0, 0);
}

/* ---- abandoned objects ---- */

static void clean_abandoned(bool dry_run)
{
    const struct cleanup cleanup = cleanup_of(dry_run);
    ok(cleanup_abandoned_objects(&cleanup, &result, &error));
}

/* An upload that stopped after its first chunk: the other paths are in the journal. */
static void stop_upload(int64_t data_export_id, const char *letters)
{
    const struct upload upload = upload_of(data_export_id);
    uploaded_file_free(&file);
    assert_false(put(&upload, letters, 1));
}

static void write_object(const char *path)
{
    const struct blob_put put_of_path = {.path = path, .bytes = "bytes", .size = 5};
    ok(blob_store_put(store, &put_of_path, &error));
}

static void test_an_interrupted_upload(void **state)
{
    (void)state;
    need_database();
    stop_upload(27, "ABC");
    write_object(text_of("SELECT min(path) FROM exportd.object"));
    expect(1, 2, 2);
    clean_abandoned(true);
    EXPECT_RESULT(.objects = 1, .bytes = 5);
    expect(1, 2, 2);
    clean_abandoned(false);
    EXPECT_RESULT(.objects = 1, .bytes = 5);
    expect(1, 1, 0);
}

/* The attempt that has written them is not over. */
static void test_an_upload_that_goes_on(void **state)
{
    (void)state;
    need_database();
    stop_upload(27, "ABC");
    run("INSERT INTO exportd.export (data_export_id, date_added, organization_id, user_id,"
        " query_type, query_info, queue, priority, big, state, attempt, failures, rows, bytes,"
        " pages, worker, run, started_at) VALUES (27, now(), 1, 1, 0, '{}', 'q', 0, false,"
        " 'running', 1, 0, 0, 0, 0, 'w', 'w:1', now())");
    clean_abandoned(false);
    EXPECT_RESULT(.objects = 0);
    expect(1, 1, 2);
    run("DELETE FROM exportd.export");
    clean_abandoned(false);
    expect(1, 1, 0);
}

/* A path is in the journal although a blob row that is in use owns it. */
static void test_a_path_that_is_in_use(void **state)
{
    (void)state;
    need_database();
    insert_export(1, "A", "1 hour");
    run("INSERT INTO exportd.object SELECT path, checksum, 9, 1, now() FROM sentry_fileblob");
    clean_abandoned(false);
    EXPECT_RESULT(.objects = 0);
    expect(1, 1, 0);
}

/* No object can be there. That is reported, and the path is forgotten. */
static void test_a_path_that_leads_elsewhere(void **state)
{
    (void)state;
    need_database();
    run("INSERT INTO exportd.object VALUES ('../elsewhere', repeat('0', 40), 9, 1, now())");
    clean_abandoned(false);
    EXPECT_RESULT(.failed = 1);
    expect(0, 0, 0);
}

static void test_more_than_a_page(void **state)
{
    (void)state;
    char sql[256];
    need_database();
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO exportd.object SELECT 'ab/' || n, lpad(n::text, 40, '0'), 9, 1,"
                   " now() FROM generate_series(1, %d) n",
                   OVER_A_PAGE);
    run(sql);
    write_object("ab/1");
    write_object("ab/99");
    clean_abandoned(false);
    EXPECT_RESULT(.objects = 2, .bytes = 10);
    expect(0, 0, 0);
}

static void test_one_attempt(void **state)
{
    (void)state;
    need_database();
    stop_upload(27, "ABC");
    stop_upload(28, "DEF");
    expect(2, 2, 4);
    const struct cleanup cleanup = cleanup_of(false);
    const struct stored_object_owner owner = {.data_export_id = 28, .attempt = 1};
    ok(cleanup_attempt(&cleanup, &owner, &result, &error));
    expect(2, 2, 2);
    expect_row("SELECT DISTINCT data_export_id FROM exportd.object", "27");
}

/* ---- unused blobs ---- */

static void clean_unused(bool dry_run)
{
    const struct cleanup cleanup = cleanup_of(dry_run);
    ok(cleanup_unused_blobs(&cleanup, &result, &error));
}

/* Blobs A (old and unused), B (old, of a file), C (old, of an organization), D (young). */
static void insert_blobs(void)
{
    char sql[128];
    const struct upload upload = upload_of(27);
    insert_export(1, "B", "1 hour");
    uploaded_file_free(&file);
    ok(put(&upload, "ACD", MANY));
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO sentry_fileblobowner (blob_id, organization_id)"
                   " VALUES (%" PRId64 ", %" PRId64 ")",
                   file.blob_ids[1], organization_id);
    run(sql);
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE sentry_fileblob SET timestamp = now() - interval '25 hours'"
                   " WHERE id <> %" PRId64,
                   file.blob_ids[2]);
    run(sql);
    expect(4, 4, 0);
}

static void test_unused_blobs(void **state)
{
    (void)state;
    need_database();
    insert_blobs();
    clean_unused(true);
    EXPECT_RESULT(.blobs = 1, .objects = 1, .bytes = BLOB_SIZE);
    expect(4, 4, 0);
    clean_unused(false);
    EXPECT_RESULT(.blobs = 1, .objects = 1, .bytes = BLOB_SIZE);
    expect(3, 3, 0);
    int64_t size = 0;
    assert_false(blob_store_size(store, file.made[0].path, &size, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

/* Sentry's own cleanup does it. */
static void test_unused_blobs_beside_a_sentry(void **state)
{
    (void)state;
    need_database();
    insert_blobs();
    run("CREATE TABLE django_migrations (id integer)");
    clean_unused(false);
    run("DROP TABLE django_migrations");
    EXPECT_RESULT(.blobs = 0);
    expect(4, 4, 0);
}

/* ---- one file ---- */

/* Each blob is listed once, and its path is in the journal. */
static void test_delete_file(void **state)
{
    (void)state;
    need_database();
    insert_export(1, "ABA", "1 hour");
    const struct exported_data row = {.id = 1, .file_id = 1};
    struct file_blobs blobs;
    ok(pg_begin(pg, &error));
    ok(cleanup_delete_file(pg, &row, arena, &blobs, &error));
    ok(pg_commit(pg, &error));
    assert_int_equal(blobs.count, 2);
    assert_int_equal(blobs.items[0].id, file.blob_ids[0]);
    assert_int_equal(blobs.items[1].id, file.blob_ids[1]);
    expect(2, 2, 2);
    expect_row("SELECT count(*) FROM sentry_file", "0");
    clean_abandoned(false);
    EXPECT_RESULT(.blobs = 2, .objects = 2, .bytes = 2 * BLOB_SIZE);
    expect(0, 0, 0);
}

/* ---- what it needs ---- */

static void test_without_a_database(void **state)
{
    (void)state;
    need_database();
    struct pg *away = pg_new("host=/nonexistent", "test");
    assert_non_null(away);
    struct cleanup cleanup = cleanup_of(false);
    cleanup.pg = away;
    assert_false(cleanup_abandoned_objects(&cleanup, &result, &error));
    assert_false(cleanup_unused_blobs(&cleanup, &result, &error));
    assert_false(cleanup_expired_exports(&cleanup, &result, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    EXPECT_RESULT(.failed = 0);
    pg_free(away);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_expired_export),
        TEST(test_a_dry_run),
        TEST(test_two_expired_exports_share_a_blob),
        TEST(test_a_missing_object_of_an_expired_export),
        TEST(test_a_store_that_is_away),
        TEST(test_an_interrupted_upload),
        TEST(test_an_upload_that_goes_on),
        TEST(test_a_path_that_is_in_use),
        TEST(test_a_path_that_leads_elsewhere),
        TEST(test_more_than_a_page),
        TEST(test_one_attempt),
        TEST(test_unused_blobs),
        TEST(test_unused_blobs_beside_a_sentry),
        TEST(test_delete_file),
        TEST(test_without_a_database),
    };
    return cmocka_run_group_tests(tests, open_with_organization, close_all);
}
