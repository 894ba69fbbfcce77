/* SPDX-License-Identifier: Apache-2.0 */
/* An upload that leads to no file leaves nothing, once it is undone. */
#include "storage/putfile.h"

#include "../database_fixture.h"
#include "storage/cleanup.h"
#include "storage/filesystem/filesystem.h"

#include <ftw.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CHUNKS = 3 };

static struct upload_locks locks;
static struct blob_store *store;
static char folder[64], root[96], moved[96];
static struct uploaded_file file;
static int chunks_allowed; /* by go_on */

/* ---- an upload ---- */

static bool go_on(void *context, struct error *failure)
{
    (void)context;
    return chunks_allowed-- > 0 || error_set(failure, ERROR_STOPPED, "the worker stops");
}

static struct upload upload_of(int64_t data_export_id)
{
    const struct upload upload = {.pg = pg,
                                  .locks = &locks,
                                  .store = store,
                                  .data_export_id = data_export_id,
                                  .attempt = 1,
                                  .go_on = go_on};
    return upload;
}

/* Stores a file of a chunk for each letter; stops after `allowed` of them. */
static bool put(const struct upload *upload, const char *letters, int allowed)
{
    int fd = memfd_create("upload", MFD_CLOEXEC);
    char *chunk = memory_alloc(BLOB_SIZE);
    assert_true(fd >= 0);
    assert_non_null(chunk);
    for (const char *letter = letters; *letter != '\0'; letter++) {
        memset(chunk, *letter, BLOB_SIZE);
        assert_int_equal(write(fd, chunk, BLOB_SIZE), BLOB_SIZE);
    }
    chunks_allowed = allowed;
    bool done = putfile(upload, fd, &file, &error);
    free(chunk);
    (void)close(fd);
    return done;
}

static void undo(const struct upload *upload)
{
    chunks_allowed = 0; /* an attempt that was told to stop */
    ok(putfile_undo(upload, &file, &error));
}

/* ---- what is there ---- */

static int objects;

static int count_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)path;
    (void)status;
    (void)ftw;
    objects += type == FTW_F ? 1 : 0;
    return 0;
}

static void expect(int blobs, int in_store, int journalled)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%d %d", blobs, journalled);
    assert_string_equal(text_of("SELECT concat_ws(' ', (SELECT count(*) FROM sentry_fileblob),"
                                " (SELECT count(*) FROM exportd.object))"),
                        text);
    objects = 0;
    assert_int_equal(nftw(folder, count_entry, 8, FTW_PHYS), 0);
    assert_int_equal(objects, in_store);
}

/* ---- set up ---- */

static int open_all(void **state)
{
    const char *url = getenv("EXPORTD_TEST_REDIS_URL");
    if (url == NULL)
        return 0;
    ok(upload_locks_open(&locks, url, pg, &error));
    ok(upload_locks_connect(&locks, &error));
    return open_database(state);
}

static int close_all(void **state)
{
    upload_locks_close(&locks);
    return close_database(state);
}

static int prepare(void **state)
{
    (void)state;
    if (pg == NULL)
        return 0;
    run("TRUNCATE sentry_file, sentry_fileblob, sentry_fileblobindex, exportd.object CASCADE");
    (void)snprintf(folder, sizeof(folder), "/tmp/exportd-undo-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(root, sizeof(root), "%s/files", folder);
    (void)snprintf(moved, sizeof(moved), "%s/moved", folder);
    store = filesystem_store_new(root, 0600);
    assert_non_null(store);
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int tidy(void **state)
{
    (void)state;
    if (pg == NULL)
        return 0;
    uploaded_file_free(&file);
    blob_store_free(store);
    return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- the tests ---- */

static void test_whole_upload(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    ok(put(&upload, "abcb", CHUNKS));
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
    assert_false(put(&upload, "abc", 2));
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
    assert_false(put(&upload, "abc", 2));
    ok(put(&upload, "abc", CHUNKS));
    assert_int_equal(file.blob_count, CHUNKS);
    expect(CHUNKS, CHUNKS, 1); /* the path of the first call for c */
    undo(&upload);
    expect(0, 0, 0);
}

static void test_reused_blob_stays(void **state)
{
    (void)state;
    need_database();
    const struct upload before = upload_of(26);
    const struct upload upload = upload_of(27);
    ok(put(&before, "a", 1));
    uploaded_file_free(&file);
    ok(put(&upload, "ab", 2));
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
    ok(put(&before, "a", 1));
    ok(blob_store_remove(store, file.made[0].path, &error));
    uploaded_file_free(&file);
    ok(put(&upload, "a", 1));
    undo(&upload);
    expect(1, 1, 0);
}

static void test_blob_of_a_file_stays(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    ok(put(&upload, "abc", CHUNKS));
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
    assert_false(put(&upload, "abc", 2));
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

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
