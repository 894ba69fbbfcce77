/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of a filesystem store: made, synced, missing, forbidden. */
#include "../filesystem_fixture.h"

#include <sys/syscall.h>

/* Replaces the function of the C library: counts what is made durable. */
static int syncs;
int fsync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fsync, fd);
}

static void expect_text(struct fixture *fixture, const char *path, const char *text)
{
    int64_t size = -1;
    buffer_clear(&fixture->bytes);
    assert_true(blob_store_get(fixture->store, path, &fixture->bytes, &fixture->error));
    assert_string_equal(fixture->bytes.data, text);
    assert_true(blob_store_size(fixture->store, path, &size, &fixture->error));
    assert_int_equal(size, strlen(text));
}

static int syncs_of_writing(struct fixture *fixture, const char *path)
{
    syncs = 0;
    write_text(fixture, path, "x");
    return syncs;
}

/* An unmounted disk must not look like lost objects. */
static void test_a_missing_root_is_away(void **state)
{
    struct fixture *fixture = *state;
    int64_t size = 0;
    expect_error(fixture, blob_store_size(fixture->store, PATH, &size, &fixture->error),
                 ERROR_AWAY);
    expect_error(fixture, blob_store_remove(fixture->store, PATH, &fixture->error), ERROR_AWAY);
    assert_non_null(strstr(fixture->error.message, fixture->root));
}

static void test_a_file_in_the_way_of_the_root(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/some", fixture->folder);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_false(put(fixture, PATH, "x", 0));
    assert_non_null(strstr(fixture->error.message, fixture->root));
    assert_false(make_and_check(fixture, NULL));
}

static void test_an_unwritable_folder(void **state)
{
    struct fixture *fixture = *state;
    char full[256];
    if (geteuid() == 0)
        skip(); /* root may write anywhere */
    write_text(fixture, PATH, "hello");
    assert_int_equal(chmod(in_root(fixture, "ab/cdef", full), 0500), 0);
    expect_error(fixture, put(fixture, "ab/cdef/new", "x", 0), ERROR_DENIED);
    expect_error(fixture, blob_store_remove(fixture->store, PATH, &fixture->error), ERROR_DENIED);
    assert_int_equal(chmod(full, 0700), 0);
    assert_int_equal(chmod(in_root(fixture, ".", full), 0500), 0);
    expect_error(fixture, make_and_check(fixture, NULL), ERROR_DENIED);
    assert_int_equal(chmod(full, 0700), 0);
}

/* Each put syncs the file and its folder. The two folders above are synced only if the last object
   was in another folder. */
static void test_what_is_synced(void **state)
{
    struct fixture *fixture = *state;
    char path[256];
    char long_path[256 + 8] = "ab/cdef/";
    memset(long_path + 8, 'x', 255); /* with the end of a temporary name, it is too long */
    write_text(fixture, "made/root/1", "x");
    assert_int_equal(syncs_of_writing(fixture, "ab/cdef/1"), 4);
    assert_int_equal(syncs_of_writing(fixture, "ab/cdef/2"), 2);
    assert_int_equal(syncs_of_writing(fixture, "ab/0123/1"), 4);
    assert_int_equal(syncs_of_writing(fixture, "ab/cdef/1"), 4);
    assert_int_equal(syncs_of_writing(fixture, "ab/cdef/2"), 2);
    assert_int_equal(unlink(in_root(fixture, "ab/cdef/1", path)), 0);
    assert_int_equal(unlink(in_root(fixture, "ab/cdef/2", path)), 0);
    assert_int_equal(rmdir(in_root(fixture, "ab/cdef", path)), 0);
    assert_false(put(fixture, long_path, "x", 0));
    assert_int_equal(access(in_root(fixture, "ab/cdef", path), F_OK), 0);
    assert_int_equal(syncs_of_writing(fixture, "ab/cdef/1"), 4);
}

/* A folder that was removed is made again: what the store remembers of the old one does no harm. */
static void test_a_folder_that_goes_between_two_objects(void **state)
{
    struct fixture *fixture = *state;
    char path[256];
    write_text(fixture, "ab/cdef/1", "one");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(unlink(in_root(fixture, "ab/cdef/1", path)), 0);
        assert_int_equal(rmdir(in_root(fixture, "ab/cdef", path)), 0);
        write_text(fixture, "ab/cdef/1", "another");
        expect_text(fixture, "ab/cdef/1", "another");
    }
    assert_int_equal(rename(fixture->root, in_root(fixture, "../moved", path)), 0);
    write_text(fixture, "ab/cdef/1", "anew");
    expect_text(fixture, "ab/cdef/1", "anew");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_missing_root_is_away),
        TEST(test_a_file_in_the_way_of_the_root),
        TEST(test_an_unwritable_folder),
        TEST(test_what_is_synced),
        TEST(test_a_folder_that_goes_between_two_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
