/* SPDX-License-Identifier: Apache-2.0 */
/* A filesystem store in a folder of its own, for the tests of this folder. */
#ifndef TESTS_STORAGE_FILESYSTEM_FIXTURE_H
#define TESTS_STORAGE_FILESYSTEM_FIXTURE_H

#include "storage/filesystem/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH "ab/cdef/0123456789"

struct fixture {
    char folder[64];
    char root[96]; /* folder/files, which does not exist yet */
    struct blob_store *store;
    struct buffer bytes;
    struct error error;
};

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    (void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/exportd-filesystem-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->root, sizeof(fixture->root), "%s/some/files", fixture->folder);
    fixture->store = filesystem_store_new(fixture->root, 0600);
    assert_non_null(fixture->store);
    buffer_init(&fixture->bytes, 2 * BLOB_SIZE);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    blob_store_free(fixture->store);
    buffer_free(&fixture->bytes);
    assert_int_equal(nftw(fixture->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(fixture);
    return 0;
}

static inline const char *in_root(const struct fixture *fixture, const char *path, char full[256])
{
    (void)snprintf(full, 256, "%s/%s", fixture->root, path);
    return full;
}

static inline bool put(struct fixture *fixture, const char *path, const char *text, unsigned flags)
{
    struct blob_put put = {.path = path, .flags = flags, .bytes = text, .size = strlen(text)};
    return blob_store_put(fixture->store, &put, &fixture->error);
}

/* Does what a worker does at its start. */
static inline bool make_and_check(struct fixture *fixture, const struct blob_warnings *warnings)
{
    static const struct blob_paths unknown = {.count = 0};
    return blob_store_make(fixture->store, &fixture->error) &&
           blob_store_check(fixture->store, &unknown, warnings, &fixture->error);
}

static inline void write_text(struct fixture *fixture, const char *path, const char *text)
{
    if (!put(fixture, path, text, 0))
        fail_msg("put: %s", fixture->error.message);
}

static inline void expect_error(struct fixture *fixture, bool done, enum error_code code)
{
    assert_false(done);
    if (fixture->error.code != code)
        fail_msg("code %s, message: %s", error_code_name(fixture->error.code),
                 fixture->error.message);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
