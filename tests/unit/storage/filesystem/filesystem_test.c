/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of a filesystem store in a real folder. */
#include "../filesystem_fixture.h"

#include <dirent.h>

static void expect_text(struct fixture *fixture, const char *path, const char *text)
{
    int64_t size = -1;
    buffer_clear(&fixture->bytes);
    assert_true(blob_store_get(fixture->store, path, &fixture->bytes, &fixture->error));
    assert_string_equal(fixture->bytes.data, text);
    assert_true(blob_store_size(fixture->store, path, &size, &fixture->error));
    assert_int_equal(size, strlen(text));
}

static bool exists(const struct fixture *fixture, const char *path)
{
    char full[256];
    return access(in_root(fixture, path, full), F_OK) == 0;
}

static unsigned mode_of(const struct fixture *fixture, const char *path)
{
    char full[256];
    struct stat status;
    assert_int_equal(stat(in_root(fixture, path, full), &status), 0);
    return status.st_mode & 07777;
}

static int count_entries(const struct fixture *fixture, const char *path)
{
    char full[256];
    int count = 0;
    DIR *folder = opendir(in_root(fixture, path, full));
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void make_file(const struct fixture *fixture, const char *path, const char *text,
                      mode_t mode)
{
    char full[256];
    int fd = open(in_root(fixture, path, full), O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void test_writes_reads_and_removes(void **state)
{
    struct fixture *fixture = *state;
    write_text(fixture, PATH, "hello");
    expect_text(fixture, PATH, "hello");
    assert_int_equal(count_entries(fixture, "ab/cdef"), 1);
    assert_true(blob_store_remove(fixture->store, PATH, &fixture->error));
    assert_false(exists(fixture, PATH));
    assert_true(exists(fixture, "ab/cdef"));
}

static void test_replaces_an_object(void **state)
{
    struct fixture *fixture = *state;
    write_text(fixture, PATH, "a longer text than the next one");
    write_text(fixture, PATH, "short");
    expect_text(fixture, PATH, "short");
    write_text(fixture, PATH, "");
    expect_text(fixture, PATH, "");
    assert_int_equal(count_entries(fixture, "ab/cdef"), 1);
}

static void test_everything_is_private(void **state)
{
    struct fixture *fixture = *state;
    mode_t before = umask(0);
    write_text(fixture, PATH, "hello");
    (void)umask(before);
    assert_int_equal(mode_of(fixture, PATH), 0600);
    assert_int_equal(mode_of(fixture, "ab/cdef"), 0700);
    assert_int_equal(mode_of(fixture, "ab"), 0700);
    assert_int_equal(mode_of(fixture, "."), 0700);
    assert_int_equal(mode_of(fixture, ".."), 0700);
}

static void test_reads_what_a_sentry_wrote(void **state)
{
    struct fixture *fixture = *state;
    write_text(fixture, "1234/56/first", "");
    make_file(fixture, "1234/56/second", "by Django", 0644);
    expect_text(fixture, "1234/56/second", "by Django");
    write_text(fixture, "1234/56/second", "by exportd");
    assert_int_equal(mode_of(fixture, "1234/56/second"), 0600);
}

static void test_an_object_of_the_largest_size(void **state)
{
    struct fixture *fixture = *state;
    char *bytes = malloc(BLOB_SIZE);
    assert_non_null(bytes);
    for (size_t i = 0; i < BLOB_SIZE; i++)
        bytes[i] = (char)(i * 31 >> 3);
    const struct blob_put put = {.path = PATH, .bytes = bytes, .size = BLOB_SIZE};
    assert_true(blob_store_put(fixture->store, &put, &fixture->error));
    assert_true(buffer_append(&fixture->bytes, "in front", 8, &fixture->error));
    assert_true(blob_store_get(fixture->store, PATH, &fixture->bytes, &fixture->error));
    assert_int_equal(fixture->bytes.size, 8 + BLOB_SIZE);
    assert_memory_equal(fixture->bytes.data + 8, bytes, BLOB_SIZE);
    free(bytes);
}

static void test_an_object_too_large_to_read(void **state)
{
    struct fixture *fixture = *state;
    struct buffer small;
    buffer_init(&small, 4);
    write_text(fixture, PATH, "hello");
    expect_error(fixture, blob_store_get(fixture->store, PATH, &small, &fixture->error),
                 ERROR_TOO_LARGE);
    assert_int_equal(small.size, 0);
    buffer_free(&small);
}

static void test_a_missing_object(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[] = {"ab/cdef/other", "ab/none/other", "none"};
    int64_t size = 0;
    write_text(fixture, PATH, "hello");
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        expect_error(fixture,
                     blob_store_get(fixture->store, paths[i], &fixture->bytes, &fixture->error),
                     ERROR_NOT_FOUND);
        expect_error(fixture, blob_store_size(fixture->store, paths[i], &size, &fixture->error),
                     ERROR_NOT_FOUND);
        expect_error(fixture, blob_store_remove(fixture->store, paths[i], &fixture->error),
                     ERROR_NOT_FOUND);
    }
}

static void test_follows_no_symbolic_link(void **state)
{
    struct fixture *fixture = *state;
    char outside[256], link_name[256];
    write_text(fixture, PATH, "hello");
    (void)snprintf(outside, sizeof(outside), "%s/outside", fixture->folder);
    assert_int_equal(mkdir(outside, 0700), 0);
    make_file(fixture, "../../outside/secret", "keep me", 0600);

    assert_int_equal(symlink(outside, in_root(fixture, "way", link_name)), 0);
    assert_false(put(fixture, "way/new", "x", 0));
    assert_false(put(fixture, "way/new", "x", BLOB_PUT_NEW));
    assert_false(blob_store_get(fixture->store, "way/secret", &fixture->bytes, &fixture->error));
    assert_false(blob_store_remove(fixture->store, "way/secret", &fixture->error));
    assert_int_not_equal(fixture->error.code, ERROR_NOT_FOUND);

    assert_int_equal(
        symlink("../../../outside/secret", in_root(fixture, "ab/cdef/link", link_name)), 0);
    assert_false(blob_store_get(fixture->store, "ab/cdef/link", &fixture->bytes, &fixture->error));
    assert_false(put(fixture, "ab/cdef/link", "x", BLOB_PUT_NEW));
    assert_int_equal(
        symlink("../../../outside/secret", in_root(fixture, "ab/cdef/link", link_name)), 0);
    write_text(fixture, "ab/cdef/link", "a new object in the link's place");
    assert_true(blob_store_remove(fixture->store, "ab/cdef/link", &fixture->error));

    (void)snprintf(outside, sizeof(outside), "%s/outside/new", fixture->folder);
    assert_int_not_equal(access(outside, F_OK), 0);
    (void)snprintf(outside, sizeof(outside), "%s/outside/secret", fixture->folder);
    struct stat status;
    assert_int_equal(stat(outside, &status), 0);
    assert_int_equal(status.st_size, strlen("keep me"));
}

static void test_only_regular_files_are_objects(void **state)
{
    struct fixture *fixture = *state;
    char full[256];
    write_text(fixture, PATH, "hello");
    assert_int_equal(mkfifo(in_root(fixture, "ab/cdef/fifo", full), 0600), 0);
    expect_error(fixture,
                 blob_store_get(fixture->store, "ab/cdef/fifo", &fixture->bytes, &fixture->error),
                 ERROR_INVALID);
    expect_error(fixture,
                 blob_store_get(fixture->store, "ab/cdef", &fixture->bytes, &fixture->error),
                 ERROR_INVALID);
    assert_false(put(fixture, "ab/cdef", "x", 0));
    assert_false(blob_store_remove(fixture->store, "ab/cdef", &fixture->error));
    expect_text(fixture, PATH, "hello");
}

/* A crash during a write leaves a temporary file whose name follows from the object's. The next
   write overwrites that file, and a removal removes it, too. */
static void test_a_leftover_temporary_file(void **state)
{
    struct fixture *fixture = *state;
    write_text(fixture, "ab/cdef/other", "");
    make_file(fixture, PATH ".part", "a longer leftover than what is written now", 0600);
    write_text(fixture, PATH, "hello");
    expect_text(fixture, PATH, "hello");
    assert_false(exists(fixture, PATH ".part"));

    make_file(fixture, PATH ".part", "half", 0600);
    assert_true(blob_store_remove(fixture->store, PATH, &fixture->error));
    assert_false(exists(fixture, PATH ".part"));
    make_file(fixture, PATH ".part", "half", 0600);
    expect_error(fixture, blob_store_remove(fixture->store, PATH, &fixture->error),
                 ERROR_NOT_FOUND);
    assert_false(exists(fixture, PATH ".part"));
}

static void test_a_failed_write_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    char full[256];
    write_text(fixture, "ab/cdef/other", "");
    assert_int_equal(mkdir(in_root(fixture, PATH, full), 0700), 0); /* prevents the rename */
    assert_false(put(fixture, PATH, "hello", 0));
    assert_false(exists(fixture, PATH ".part"));
}

static void test_modes_whatever_the_umask(void **state)
{
    struct fixture *fixture = *state;
    static const mode_t modes[][2] = {{0600, 0700}, {0640, 0750}, {0660, 0770}};
    mode_t before = umask(077);
    char moved[128];
    for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
        struct blob_put new = {
            .path = "cd/0123/new", .flags = BLOB_PUT_NEW, .bytes = "x", .size = 1};
        struct blob_put old = {.path = "cd/0123/old", .bytes = "x", .size = 1};
        struct blob_store *store = filesystem_store_new(fixture->root, modes[i][0]);
        assert_true(blob_store_make(store, &fixture->error));
        assert_int_equal(mode_of(fixture, "."), modes[i][1]);
        assert_true(blob_store_put(store, &new, &fixture->error));
        assert_true(blob_store_put(store, &old, &fixture->error));
        assert_int_equal(mode_of(fixture, new.path), modes[i][0]);
        assert_int_equal(mode_of(fixture, old.path), modes[i][0]);
        assert_int_equal(mode_of(fixture, "cd/0123"), modes[i][1]);
        blob_store_free(store);
        (void)snprintf(moved, sizeof(moved), "%s/%zu", fixture->folder, i);
        assert_int_equal(rename(fixture->root, moved), 0);
    }
    (void)umask(before);
}

/* What came before the mode was set may stay as it is, but for folders that new files come into. */
static void test_a_mode_that_was_changed(void **state)
{
    struct fixture *fixture = *state;
    char full[256];
    write_text(fixture, "ab/cdef/before", "x");
    write_text(fixture, "ab/0123/before", "x");
    assert_int_equal(chmod(in_root(fixture, "ab", full), 01711), 0);
    struct blob_put after = {.path = "ab/cdef/after", .bytes = "x", .size = 1};
    struct blob_store *store = filesystem_store_new(fixture->root, 0660);
    assert_true(blob_store_put(store, &after, &fixture->error));
    blob_store_free(store);
    assert_int_equal(mode_of(fixture, "ab"), 01771);
    assert_int_equal(mode_of(fixture, "ab/cdef"), 0770);
    assert_int_equal(mode_of(fixture, "ab/cdef/before"), 0600);
    assert_int_equal(mode_of(fixture, "ab/0123"), 0700);
    write_text(fixture, "ab/cdef/later", "x"); /* with 0600 again: nothing is closed */
    assert_int_equal(mode_of(fixture, "ab/cdef"), 0770);
}

static void test_a_new_object(void **state)
{
    struct fixture *fixture = *state;
    char full[256];
    mode_t before = umask(0);
    assert_true(put(fixture, PATH, "hello", BLOB_PUT_NEW));
    (void)umask(before);
    expect_text(fixture, PATH, "hello");
    assert_int_equal(mode_of(fixture, PATH), 0600);
    assert_int_equal(mode_of(fixture, "ab/cdef"), 0700);
    /* as after a first try that was cut off */
    assert_true(put(fixture, PATH, "new", BLOB_PUT_NEW));
    expect_text(fixture, PATH, "new");
    assert_false(exists(fixture, PATH ".part"));
    assert_int_equal(mkdir(in_root(fixture, "ab/cdef/folder", full), 0700), 0);
    assert_false(put(fixture, "ab/cdef/folder", "hello", BLOB_PUT_NEW));
    assert_int_equal(rmdir(full), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_writes_reads_and_removes),
        TEST(test_replaces_an_object),
        TEST(test_everything_is_private),
        TEST(test_reads_what_a_sentry_wrote),
        TEST(test_an_object_of_the_largest_size),
        TEST(test_an_object_too_large_to_read),
        TEST(test_a_missing_object),
        TEST(test_follows_no_symbolic_link),
        TEST(test_only_regular_files_are_objects),
        TEST(test_a_leftover_temporary_file),
        TEST(test_a_failed_write_leaves_nothing),
        TEST(test_modes_whatever_the_umask),
        TEST(test_a_mode_that_was_changed),
        TEST(test_a_new_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
