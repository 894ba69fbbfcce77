/* The filesystem store in a real folder. */
#include "storage/filesystem.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH "ab/cdef/0123456789"

/* Instead of the C library's: how often something was made durable. */
static int syncs;
int fsync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fsync, fd);
}

struct fixture {
    char folder[64];
    char root[96]; /* folder/files, which does not exist yet */
    struct blob_store *store;
    struct buffer bytes;
    struct error error;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    (void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/exportd-filesystem-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->root, sizeof(fixture->root), "%s/some/files", fixture->folder);
    fixture->store = filesystem_store_new(fixture->root);
    assert_non_null(fixture->store);
    buffer_init(&fixture->bytes, 2 * BLOB_SIZE);
    *state = fixture;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
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

static const char *in_root(const struct fixture *fixture, const char *path, char full[256])
{
    (void)snprintf(full, 256, "%s/%s", fixture->root, path);
    return full;
}

static void write_text(struct fixture *fixture, const char *path, const char *text)
{
    if (!blob_store_write(fixture->store, path, text, strlen(text), &fixture->error))
        fail_msg("write: %s", fixture->error.message);
}

static void expect_text(struct fixture *fixture, const char *path, const char *text)
{
    int64_t size = -1;
    buffer_clear(&fixture->bytes);
    assert_true(blob_store_read(fixture->store, path, &fixture->bytes, &fixture->error));
    assert_string_equal(fixture->bytes.data, text);
    assert_true(blob_store_size(fixture->store, path, &size, &fixture->error));
    assert_int_equal(size, strlen(text));
}

static void expect_error(struct fixture *fixture, bool done, enum error_code code)
{
    assert_false(done);
    if (fixture->error.code != code)
        fail_msg("code %s, message: %s", error_code_name(fixture->error.code),
                 fixture->error.message);
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
    assert_true(blob_store_write(fixture->store, PATH, bytes, BLOB_SIZE, &fixture->error));
    assert_true(buffer_append(&fixture->bytes, "in front", 8, &fixture->error));
    assert_true(blob_store_read(fixture->store, PATH, &fixture->bytes, &fixture->error));
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
    expect_error(fixture, blob_store_read(fixture->store, PATH, &small, &fixture->error),
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
                     blob_store_read(fixture->store, paths[i], &fixture->bytes, &fixture->error),
                     ERROR_NOT_FOUND);
        expect_error(fixture, blob_store_size(fixture->store, paths[i], &size, &fixture->error),
                     ERROR_NOT_FOUND);
        expect_error(fixture, blob_store_remove(fixture->store, paths[i], &fixture->error),
                     ERROR_NOT_FOUND);
    }
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
        expect_error(fixture, blob_store_write(fixture->store, paths[i], "x", 1, error),
                     ERROR_INVALID);
        expect_error(fixture, blob_store_create(fixture->store, paths[i], "x", 1, error),
                     ERROR_INVALID);
        expect_error(fixture, blob_store_read(fixture->store, paths[i], &fixture->bytes, error),
                     ERROR_INVALID);
        expect_error(fixture, blob_store_size(fixture->store, paths[i], &size, error),
                     ERROR_INVALID);
        expect_error(fixture, blob_store_remove(fixture->store, paths[i], error), ERROR_INVALID);
    }
    assert_true(blob_store_check_path("..a/b../c.d/\xc3\xa4", &fixture->error));
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
    assert_false(blob_store_write(fixture->store, "way/new", "x", 1, &fixture->error));
    assert_false(blob_store_create(fixture->store, "way/new", "x", 1, &fixture->error));
    assert_false(blob_store_read(fixture->store, "way/secret", &fixture->bytes, &fixture->error));
    assert_false(blob_store_remove(fixture->store, "way/secret", &fixture->error));
    assert_int_not_equal(fixture->error.code, ERROR_NOT_FOUND);

    assert_int_equal(
        symlink("../../../outside/secret", in_root(fixture, "ab/cdef/link", link_name)), 0);
    assert_false(blob_store_read(fixture->store, "ab/cdef/link", &fixture->bytes, &fixture->error));
    assert_false(blob_store_create(fixture->store, "ab/cdef/link", "x", 1, &fixture->error));
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
                 blob_store_read(fixture->store, "ab/cdef/fifo", &fixture->bytes, &fixture->error),
                 ERROR_INVALID);
    expect_error(fixture,
                 blob_store_read(fixture->store, "ab/cdef", &fixture->bytes, &fixture->error),
                 ERROR_INVALID);
    assert_false(blob_store_write(fixture->store, "ab/cdef", "x", 1, &fixture->error));
    assert_false(blob_store_remove(fixture->store, "ab/cdef", &fixture->error));
    expect_text(fixture, PATH, "hello");
}

/* What a crash in mid-write leaves has a name that follows from the object's: the next write takes
   it over, and a removal takes it along. */
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
    assert_int_equal(mkdir(in_root(fixture, PATH, full), 0700), 0); /* in the rename's way */
    assert_false(blob_store_write(fixture->store, PATH, "hello", 5, &fixture->error));
    assert_false(exists(fixture, PATH ".part"));
}

static void test_a_new_object(void **state)
{
    struct fixture *fixture = *state;
    char full[256];
    mode_t before = umask(0);
    assert_true(blob_store_create(fixture->store, PATH, "hello", 5, &fixture->error));
    (void)umask(before);
    expect_text(fixture, PATH, "hello");
    assert_int_equal(mode_of(fixture, PATH), 0600);
    assert_int_equal(mode_of(fixture, "ab/cdef"), 0700);
    /* what is there already is of the same path's first, cut off try */
    assert_true(blob_store_create(fixture->store, PATH, "new", 3, &fixture->error));
    expect_text(fixture, PATH, "new");
    assert_false(exists(fixture, PATH ".part"));
    assert_int_equal(mkdir(in_root(fixture, "ab/cdef/folder", full), 0700), 0);
    assert_false(blob_store_create(fixture->store, "ab/cdef/folder", "hello", 5, &fixture->error));
    assert_int_equal(rmdir(full), 0);
}

static void test_a_file_in_the_way_of_the_root(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/some", fixture->folder);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_false(blob_store_write(fixture->store, PATH, "x", 1, &fixture->error));
    assert_non_null(strstr(fixture->error.message, fixture->root));
    assert_false(blob_store_check(fixture->store, &fixture->error));
}

static void test_an_unwritable_folder(void **state)
{
    struct fixture *fixture = *state;
    char full[256];
    if (geteuid() == 0)
        skip(); /* root may write anywhere */
    write_text(fixture, PATH, "hello");
    assert_int_equal(chmod(in_root(fixture, "ab/cdef", full), 0500), 0);
    expect_error(fixture, blob_store_write(fixture->store, "ab/cdef/new", "x", 1, &fixture->error),
                 ERROR_DENIED);
    expect_error(fixture, blob_store_remove(fixture->store, PATH, &fixture->error), ERROR_DENIED);
    assert_int_equal(chmod(full, 0700), 0);
    assert_int_equal(chmod(in_root(fixture, ".", full), 0500), 0);
    expect_error(fixture, blob_store_check(fixture->store, &fixture->error), ERROR_DENIED);
    assert_int_equal(chmod(full, 0700), 0);
}

static void test_check_makes_the_root_and_leaves_nothing_in_it(void **state)
{
    struct fixture *fixture = *state;
    assert_true(blob_store_check(fixture->store, &fixture->error));
    assert_true(blob_store_check(fixture->store, &fixture->error));
    assert_int_equal(rmdir(fixture->root), 0);
}

static void test_urls(void **state)
{
    struct fixture *fixture = *state;
    static const char *const wrong[] = {"",        "file:",    "file:///",    "file://host/folder",
                                        "/folder", "s3://b/p", "file://u@/x", "file:///x?a=b",
                                        "file://", "folder",   "http://x/"};
    struct blob_store *store = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        expect_error(fixture, blob_store_open(wrong[i], &store, &fixture->error), ERROR_USAGE);
        assert_null(store);
        assert_true(text_starts_with(fixture->error.message, "EXPORTD_STORAGE_URL: "));
    }
    char url[128];
    (void)snprintf(url, sizeof(url), "file://%s/a%%20b//c/", fixture->folder);
    assert_true(blob_store_open(url, &store, &fixture->error));
    assert_true(blob_store_write(store, PATH, "x", 1, &fixture->error));
    blob_store_free(store);
    (void)snprintf(url, sizeof(url), "%s/a b/c/" PATH, fixture->folder);
    assert_int_equal(access(url, F_OK), 0);
}

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

static int syncs_of_writing(struct fixture *fixture, const char *path)
{
    syncs = 0;
    write_text(fixture, path, "x");
    return syncs;
}

/* The file and its folder each time; the two folders above it unless that was done with the last
   object, in the same folder. */
static void test_what_is_synced(void **state)
{
    struct fixture *fixture = *state;
    char path[256];
    char long_path[256 + 8] = "ab/cdef/";
    memset(long_path + 8, 'x', 255); /* too long with the end of a temporary name */
    write_text(fixture, "made/root/1", "x");
    assert_int_equal(syncs_of_writing(fixture, "ab/cdef/1"), 4);
    assert_int_equal(syncs_of_writing(fixture, "ab/cdef/2"), 2);
    assert_int_equal(syncs_of_writing(fixture, "ab/0123/1"), 4);
    assert_int_equal(syncs_of_writing(fixture, "ab/cdef/1"), 4);
    assert_int_equal(syncs_of_writing(fixture, "ab/cdef/2"), 2);
    assert_int_equal(unlink(in_root(fixture, "ab/cdef/1", path)), 0);
    assert_int_equal(unlink(in_root(fixture, "ab/cdef/2", path)), 0);
    assert_int_equal(rmdir(in_root(fixture, "ab/cdef", path)), 0);
    assert_false(blob_store_write(fixture->store, long_path, "x", 1, &fixture->error));
    assert_int_equal(access(in_root(fixture, "ab/cdef", path), F_OK), 0);
    assert_int_equal(syncs_of_writing(fixture, "ab/cdef/1"), 4);
}

/* What is remembered of a folder does not outlive the folder. */
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
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_writes_reads_and_removes),
        TEST(test_replaces_an_object),
        TEST(test_everything_is_private),
        TEST(test_reads_what_a_sentry_wrote),
        TEST(test_an_object_of_the_largest_size),
        TEST(test_an_object_too_large_to_read),
        TEST(test_a_missing_object),
        TEST(test_a_missing_root_is_away),
        TEST(test_refuses_paths_that_lead_elsewhere),
        TEST(test_follows_no_symbolic_link),
        TEST(test_only_regular_files_are_objects),
        TEST(test_a_leftover_temporary_file),
        TEST(test_a_failed_write_leaves_nothing),
        TEST(test_a_new_object),
        TEST(test_a_file_in_the_way_of_the_root),
        TEST(test_an_unwritable_folder),
        TEST(test_check_makes_the_root_and_leaves_nothing_in_it),
        TEST(test_urls),
        TEST(test_new_paths),
        TEST(test_what_is_synced),
        TEST(test_a_folder_that_goes_between_two_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
