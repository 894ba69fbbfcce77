/* SPDX-License-Identifier: Apache-2.0 */
/* What is true for every blob store: its URL, its paths, its puts. */
#include "filesystem_fixture.h"

#include "base/text.h"

static void test_refuses_paths_that_lead_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    char longest[BLOB_PATH_MAX + 1];
    char part[258];
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    memset(part, 'x', sizeof(part));
    part[256] = '\0';
    const char *const paths[] = {"",     "/etc/passwd", "..",    "../x", "a/../../x", "a/..",
                                 ".",    "a/./b",       "a//b",  "a/",   "/",         "a\nb",
                                 "a\tb", "a\x7f",       longest, part,   NULL};
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct error *error = &fixture->error;
        int64_t size = 0;
        expect_error(fixture, blob_store_check_path(paths[i], error), ERROR_INVALID);
        expect_error(fixture, put(fixture, paths[i], "x", 0), ERROR_INVALID);
        expect_error(fixture, put(fixture, paths[i], "x", BLOB_PUT_NEW), ERROR_INVALID);
        expect_error(fixture, blob_store_get(fixture->store, paths[i], &fixture->bytes, error),
                     ERROR_INVALID);
        expect_error(fixture, blob_store_size(fixture->store, paths[i], &size, error),
                     ERROR_INVALID);
        expect_error(fixture, blob_store_remove(fixture->store, paths[i], error), ERROR_INVALID);
    }
    assert_true(blob_store_check_path("..a/b../c.d/\xc3\xa4", &fixture->error));
}

static void test_urls(void **state)
{
    struct fixture *fixture = *state;
    static const char *const wrong[] = {"",        "file:",    "file:///",    "file://host/folder",
                                        "/folder", "s3://b/p", "file://u@/x", "file:///x?a=b",
                                        "file://", "folder",   "http://x/"};
    struct blob_store *store = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        expect_error(fixture, blob_store_open(wrong[i], "0600", &store, &fixture->error),
                     ERROR_USAGE);
        assert_null(store);
        assert_true(text_starts_with(fixture->error.message, "EXPORTD_STORAGE_URL: "));
    }
    char url[128];
    (void)snprintf(url, sizeof(url), "file://%s/a%%20b//c/", fixture->folder);
    assert_true(blob_store_open(url, "0600", &store, &fixture->error));
    const struct blob_put put = {.path = PATH, .bytes = "x", .size = 1};
    assert_true(blob_store_put(store, &put, &fixture->error));
    blob_store_free(store);
    (void)snprintf(url, sizeof(url), "%s/a b/c/" PATH, fixture->folder);
    assert_int_equal(access(url, F_OK), 0);
}

/* Each put has its own path, bytes and error. */
static void test_several_puts_in_flight(void **state)
{
    struct fixture *fixture = *state;
    struct error *error = &fixture->error;
    struct blob_put good = {.path = "ab/cdef/1", .bytes = "one", .size = 3};
    struct blob_put bad = {.path = "ab/cdef/1/below-a-file", .bytes = "two", .size = 3};
    struct blob_put new_one = {
        .path = "ab/cdef/3", .bytes = "three", .size = 5, .flags = BLOB_PUT_NEW};
    assert_true(blob_store_put_begin(fixture->store, &good, error));
    assert_true(blob_store_put_begin(fixture->store, &bad, error));
    assert_true(blob_store_put_begin(fixture->store, &new_one, error));
    assert_true(blob_store_put_finish(fixture->store, &good, error));
    assert_false(blob_store_put_finish(fixture->store, &bad, error));
    assert_true(blob_store_put_finish(fixture->store, &new_one, error));
    assert_true(blob_store_get(fixture->store, "ab/cdef/1", &fixture->bytes, error));
    assert_true(blob_store_get(fixture->store, "ab/cdef/3", &fixture->bytes, error));
    assert_string_equal(fixture->bytes.data, "onethree");
}

/* A thousand new paths in a row share their folders. So 2500 paths have three folders. */
static void test_new_paths(void **state)
{
    struct fixture *fixture = *state;
    char last[BLOB_NEW_PATH_SIZE];
    int folders = 1;
    blob_store_new_path(fixture->store, last);
    for (int i = 1; i < 2500; i++) {
        char path[BLOB_NEW_PATH_SIZE];
        blob_store_new_path(fixture->store, path);
        assert_int_equal(strlen(path), 34);
        assert_int_equal(path[2], '/');
        assert_int_equal(path[7], '/');
        assert_int_equal(strspn(path, "0123456789abcdef/"), 34);
        assert_string_not_equal(path + 8, last + 8);
        assert_true(blob_store_check_path(path, &fixture->error));
        folders += strncmp(path, last, 8) != 0;
        memcpy(last, path, sizeof(last));
    }
    assert_int_equal(folders, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refuses_paths_that_lead_elsewhere),
        TEST(test_urls),
        TEST(test_several_puts_in_flight),
        TEST(test_new_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
