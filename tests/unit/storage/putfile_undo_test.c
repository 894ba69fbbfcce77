/* SPDX-License-Identifier: Apache-2.0 */
/* An upload that leads to no file leaves nothing, once it is undone. */
#include "storage/cleanup.h"

#include "upload_fixture.h"

enum { CHUNKS = 3 };

static void undo(const struct upload *upload)
{
    chunks_allowed = 0; /* as in an attempt that was told to stop */
    ok(putfile_undo(upload, &file, &error));
}

static void test_whole_upload(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    ok(put(&upload, "ABCB", CHUNKS));
    assert_int_equal(file.made_count, CHUNKS);
    expect(CHUNKS, CHUNKS, 0);
    undo(&upload);
    expect(0, 0, 0);
    undo(&upload);
    expect(0, 0, 0);
}

static void test_upload_that_stopped(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    assert_false(put(&upload, "ABC", 2));
    assert_int_equal(error.code, ERROR_STOPPED);
    expect(2, 2, 1);
    undo(&upload);
    expect(0, 0, 0);
}

/* The second call finds the blobs of the first one. */
static void test_upload_in_two_calls(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    assert_false(put(&upload, "ABC", 2));
    ok(put(&upload, "ABC", CHUNKS));
    assert_int_equal(file.blob_count, CHUNKS);
    expect(CHUNKS, CHUNKS, 1); /* the path of the first call for C */
    undo(&upload);
    expect(0, 0, 0);
}

static void test_reused_blob_stays(void **state)
{
    (void)state;
    need_database();
    const struct upload before = upload_of(26);
    const struct upload upload = upload_of(27);
    ok(put(&before, "A", 1));
    uploaded_file_free(&file);
    ok(put(&upload, "AB", 2));
    assert_int_equal(file.made_count, 1);
    expect(2, 2, 0);
    undo(&upload);
    expect(1, 1, 0);
}

/* A missing object is written again, at the path of a row that was there before. */
static void test_blob_made_whole_stays(void **state)
{
    (void)state;
    need_database();
    const struct upload before = upload_of(26);
    const struct upload upload = upload_of(27);
    ok(put(&before, "A", 1));
    ok(blob_store_remove(store, file.made[0].path, &error));
    uploaded_file_free(&file);
    ok(put(&upload, "A", 1));
    undo(&upload);
    expect(1, 1, 0);
}

static void test_blob_of_a_file_stays(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    ok(put(&upload, "ABC", CHUNKS));
    run("INSERT INTO sentry_file (id, name, type, timestamp, headers)"
        " VALUES (7, 'a.csv', 'export.csv', now(), '{}');"
        "INSERT INTO sentry_fileblobindex (file_id, blob_id, \"offset\")"
        " SELECT 7, min(id), 0 FROM sentry_fileblob");
    undo(&upload);
    expect(1, 1, 0);
    int64_t size = 0;
    ok(blob_store_size(store, text_of("SELECT path FROM sentry_fileblob"), &size, &error));
    assert_int_equal(size, BLOB_SIZE);
}

/* The objects are still there, and named in the journal: the next cleanup removes them. */
static void test_store_that_fails(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    assert_false(put(&upload, "ABC", 2));
    assert_int_equal(rename(root, moved), 0);
    undo(&upload);
    expect(0, 2, 3);
    assert_int_equal(rename(moved, root), 0);
    const struct cleanup cleanup = {.pg = pg, .locks = &locks, .store = store};
    struct cleanup_result result = {.files = 0};
    ok(cleanup_abandoned_objects(&cleanup, &result, &error));
    assert_int_equal(result.objects, 2);
    expect(0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_whole_upload),          TEST(test_upload_that_stopped),
        TEST(test_upload_in_two_calls),   TEST(test_reused_blob_stays),
        TEST(test_blob_made_whole_stays), TEST(test_blob_of_a_file_stays),
        TEST(test_store_that_fails),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
