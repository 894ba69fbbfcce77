/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads over real tables (database_fixture.h) into a store in a folder. The upload locks are in
   the Redis of TEST_REDIS_URL, without that in PostgreSQL. */
#ifndef TEST_UPLOAD_FIXTURE_H
#define TEST_UPLOAD_FIXTURE_H

#include "storage/putfile.h"

#include "../database_fixture.h"
#include "storage/filesystem/filesystem.h"

#include <ftw.h>
#include <sys/mman.h>
#include <unistd.h>

static struct upload_locks locks;
static struct blob_store *store;
static char folder[64], root[96], moved[96];
static struct uploaded_file file;
static int chunks_allowed;    /* by go_on */
static const char *meanwhile; /* SQL that go_on runs; NULL: nothing */

/* ---- an upload ---- */

static bool go_on(void *context, struct error *failure)
{
    (void)context;
    if (meanwhile != NULL)
        run(meanwhile);
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

/* A file of a whole chunk for each capital letter, and of one byte for each other character. */
static int make_file(const char *letters)
{
    int fd = memfd_create("upload", MFD_CLOEXEC);
    char *chunk = memory_alloc(BLOB_SIZE);
    assert_true(fd >= 0);
    assert_non_null(chunk);
    for (const char *letter = letters; *letter != '\0'; letter++) {
        size_t size = *letter >= 'A' && *letter <= 'Z' ? BLOB_SIZE : 1;
        memset(chunk, *letter, size);
        assert_int_equal(write(fd, chunk, size), size);
    }
    free(chunk);
    return fd;
}

/* Stores such a file; stops after `allowed` chunks. */
static bool put(const struct upload *upload, const char *letters, int allowed)
{
    int fd = make_file(letters);
    chunks_allowed = allowed;
    bool done = putfile(upload, fd, &file, &error);
    (void)close(fd);
    return done;
}

/* Makes a row of the file that was put last, which refers to its blobs. */
static inline void insert_file(int64_t id)
{
    char sql[256];
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO sentry_file (id, name, type, timestamp, headers, size, checksum)"
                   " VALUES (%" PRId64 ", 'a.csv', 'export.csv', now(), '{}', %" PRId64 ", '%s')",
                   id, file.size, file.checksum);
    run(sql);
    for (size_t i = 0; i < file.blob_count; i++) {
        (void)snprintf(sql, sizeof(sql),
                       "INSERT INTO sentry_fileblobindex (file_id, blob_id, \"offset\")"
                       " VALUES (%" PRId64 ", %" PRId64 ", %zu)",
                       id, file.blob_ids[i], i * BLOB_SIZE);
        run(sql);
    }
}

/* ---- what is there ---- */

static int objects;

static inline int count_entry(const char *path, const struct stat *status, int type,
                              struct FTW *ftw)
{
    (void)path;
    (void)status;
    (void)ftw;
    objects += type == FTW_F ? 1 : 0;
    return 0;
}

/* The numbers of blob rows, of objects in the store, and of paths in the journal. */
static inline void expect(int blobs, int in_store, int journalled)
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
    const char *url = getenv("TEST_REDIS_URL");
    int done = open_database(state);
    if (pg == NULL)
        return done;
    ok(upload_locks_open(&locks, url == NULL ? "" : url, pg, &error));
    ok(upload_locks_connect(&locks, &error));
    return done;
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
    run("TRUNCATE sentry_file, sentry_fileblob, sentry_fileblobindex, sentry_exporteddata,"
        " exportd.object, exportd.upload_lock CASCADE");
    meanwhile = NULL;
    (void)snprintf(folder, sizeof(folder), "/tmp/exportd-upload-XXXXXX");
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

#endif
