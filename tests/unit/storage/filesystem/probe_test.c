/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a filesystem store can be written, found out without writing and by writing. */
#include "../filesystem_fixture.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

/* Replaces the function of the C library: counts what is made durable. */
static int syncs;
static int folder_failure; /* errno of each sync of a folder; 0: none */
int fsync(int fd)
{
    struct stat status;
    syncs++;
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) && folder_failure != 0) {
        errno = folder_failure;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

/* Replaces the function of the C library: describes the test's disk, or the real one. */
static const struct statvfs *made_up;
int fstatvfs(int fd, struct statvfs *disk)
{
    struct statfs real;
    if (made_up != NULL) {
        *disk = *made_up;
        return 0;
    }
    if (syscall(SYS_fstatfs, fd, &real) != 0)
        return -1;
    *disk = (struct statvfs){.f_frsize = (unsigned long)real.f_frsize,
                             .f_blocks = real.f_blocks,
                             .f_bfree = real.f_bfree,
                             .f_bavail = real.f_bavail,
                             .f_files = real.f_files,
                             .f_favail = real.f_ffree};
    return 0;
}

static bool probe(struct fixture *fixture)
{
    return blob_store_probe(fixture->store, &fixture->error);
}

static void test_check_leaves_nothing_in_the_root(void **state)
{
    struct fixture *fixture = *state;
    assert_true(blob_store_make(fixture->store, &fixture->error));
    syncs = 0;
    assert_true(make_and_check(fixture, NULL));
    assert_true(syncs >= 2);
    assert_true(make_and_check(fixture, NULL));
    assert_int_equal(rmdir(fixture->root), 0);
}

static char warning[ERROR_MESSAGE_MAX]; /* the last one */
static void note_warning(void *context, const char *sentence, const char *advice)
{
    (void)context;
    assert_non_null(advice);
    (void)snprintf(warning, sizeof(warning), "%s", sentence);
}

static bool check_for(struct fixture *fixture, const char *path)
{
    const struct blob_paths known = {.items = &path, .count = path == NULL ? 0 : 1};
    const struct blob_warnings warnings = {.tell = note_warning};
    return blob_store_check(fixture->store, &known, &warnings, &fixture->error);
}

static void test_check_makes_no_root(void **state)
{
    struct fixture *fixture = *state;
    char parent[128];
    (void)snprintf(parent, sizeof(parent), "%s/some", fixture->folder);
    expect_error(fixture, check_for(fixture, NULL), ERROR_NOT_FOUND);
    assert_int_not_equal(access(parent, F_OK), 0);
    assert_int_equal(mkdir(parent, 0700), 0);
    assert_true(check_for(fixture, NULL));
    assert_non_null(strstr(warning, fixture->root));
    expect_error(fixture, check_for(fixture, PATH), ERROR_NOT_FOUND);
    assert_int_not_equal(access(fixture->root, F_OK), 0);
}

static void test_a_store_without_the_objects_that_are_known(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[] = {"ab/cdef/lost", "../outside", PATH};
    const struct blob_paths known = {.items = paths, .count = 3};
    assert_true(blob_store_make(fixture->store, &fixture->error));
    expect_error(fixture, blob_store_check(fixture->store, &known, NULL, &fixture->error),
                 ERROR_NOT_FOUND);
    assert_non_null(strstr(fixture->error.message, fixture->root));
    write_text(fixture, PATH, "x");
    assert_true(blob_store_check(fixture->store, &known, NULL, &fixture->error));
}

/* They are there, or may be: this is not another folder. */
static void test_a_store_whose_folders_are_closed_to_us(void **state)
{
    struct fixture *fixture = *state;
    char closed[256];
    uid_t user = geteuid();
    assert_true(blob_store_make(fixture->store, &fixture->error));
    write_text(fixture, PATH, "x");
    assert_int_equal(chmod(in_root(fixture, "ab", closed), 0), 0);
    if (user == 0) { /* who may enter every folder */
        static const char *const above[] = {"../..", "..", "."};
        for (size_t i = 0; i < ARRAY_LENGTH(above); i++)
            assert_int_equal(chmod(in_root(fixture, above[i], closed), 0777), 0);
        assert_int_equal(seteuid(65534), 0);
    }
    bool done = check_for(fixture, PATH);
    assert_int_equal(seteuid(user), 0);
    assert_int_equal(chmod(in_root(fixture, "ab", closed), 0700), 0);
    expect_error(fixture, done, ERROR_DENIED);
}

static void count_warning(void *context, const char *sentence, const char *advice)
{
    int *count = context;
    assert_non_null(strstr(sentence, "cannot sync folders"));
    assert_non_null(advice);
    ++*count;
}

static void test_a_file_system_that_syncs_no_folders(void **state)
{
    struct fixture *fixture = *state;
    static const int unable[] = {EINVAL, ENOTSUP, ENOSYS};
    int count = 0;
    const struct blob_warnings warnings = {count_warning, &count};
    for (size_t i = 0; i < ARRAY_LENGTH(unable); i++) {
        folder_failure = unable[i];
        count = 0;
        assert_true(make_and_check(fixture, &warnings));
        assert_int_equal(count, 1);
        write_text(fixture, "ab/cdef/1", "x");
        assert_true(blob_store_remove(fixture->store, "ab/cdef/1", &fixture->error));
    }
    folder_failure = EIO;
    expect_error(fixture, make_and_check(fixture, NULL), ERROR_AWAY);
    expect_error(fixture, put(fixture, "ab/cdef/1", "x", 0), ERROR_AWAY);
    folder_failure = 0;
    assert_true(make_and_check(fixture, &warnings));
    assert_int_equal(count, 1);
}

static void test_the_probe_writes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct stat before, after;
    assert_true(make_and_check(fixture, NULL));
    assert_int_equal(stat(fixture->root, &before), 0);
    syncs = 0;
    assert_true(probe(fixture));
    assert_int_equal(syncs, 0);
    assert_int_equal(stat(fixture->root, &after), 0);
    assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim));
}

static void test_a_missing_root(void **state)
{
    struct fixture *fixture = *state;
    expect_error(fixture, probe(fixture), ERROR_AWAY);
    assert_int_not_equal(access(fixture->root, F_OK), 0);
    assert_true(make_and_check(fixture, NULL));
    assert_true(probe(fixture));
    assert_int_equal(rmdir(fixture->root), 0);
    expect_error(fixture, probe(fixture), ERROR_AWAY);
}

static void test_a_folder_without_permission(void **state)
{
    struct fixture *fixture = *state;
    if (geteuid() == 0)
        skip(); /* root may write anywhere */
    assert_true(make_and_check(fixture, NULL));
    for (mode_t mode = 0; mode < 0700; mode += 0100) {
        assert_int_equal(chmod(fixture->root, mode), 0);
        expect_error(fixture, probe(fixture), ERROR_DENIED);
    }
    assert_int_equal(chmod(fixture->root, 0700), 0);
    assert_true(probe(fixture));
}

/* In blocks of 4096 bytes. */
static struct statvfs disk_of(unsigned long blocks, unsigned long free, unsigned long available,
                              unsigned long inodes, unsigned long inodes_available)
{
    return (struct statvfs){.f_frsize = 4096,
                            .f_blocks = blocks,
                            .f_bfree = free,
                            .f_bavail = available,
                            .f_files = inodes,
                            .f_favail = inodes_available};
}

/* Reserved blocks count as used, although root could write into them. */
static void test_the_room_on_the_disk(void **state)
{
    struct fixture *fixture = *state;
    const unsigned long enough = BLOB_SIZE / 4096;
    const struct {
        struct statvfs disk;
        bool fine;
    } cases[] = {
        {disk_of(9999, 9999, enough, 100, 1), true},
        {disk_of(9999, 9999, enough - 1, 100, 1), false},
        {disk_of(9999, 500, 0, 100, 1), false},
        {disk_of(9999, 9999, enough, 100, 0), false},
        {disk_of(9999, 9999, enough, 0, 0), true}, /* a file system without a number of inodes */
        {disk_of(0, 0, 0, 100, 1), true},          /* a file system without a number of blocks */
    };
    assert_true(make_and_check(fixture, NULL));
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        made_up = &cases[i].disk;
        if (cases[i].fine) {
            assert_true(probe(fixture));
            assert_true(make_and_check(fixture, NULL));
        } else {
            expect_error(fixture, probe(fixture), ERROR_AWAY);
            expect_error(fixture, make_and_check(fixture, NULL), ERROR_AWAY);
        }
    }
    made_up = NULL;
}

/* ---- a mounted disk, in a child process with its own namespaces ---- */

static bool write_line(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    return close(fd) == 0 && done;
}

static bool become_mounter(void)
{
    char users[64], groups[64];
    (void)snprintf(users, sizeof(users), "0 %u 1", (unsigned)geteuid());
    (void)snprintf(groups, sizeof(groups), "0 %u 1", (unsigned)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           write_line("/proc/self/setgroups", "deny") && write_line("/proc/self/uid_map", users) &&
           write_line("/proc/self/gid_map", groups);
}

static bool fill(const char *path)
{
    static const char zeros[65536];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(fd, zeros, sizeof(zeros)) > 0) {
    }
    return errno == ENOSPC && close(fd) == 0;
}

static bool fails(struct fixture *fixture, enum error_code code)
{
    return !probe(fixture) && fixture->error.code == code;
}

enum { CANNOT_MOUNT = 99 };

/* Returns 0 or the number of the step that failed. */
static int on_a_disk_of_its_own(struct fixture *fixture)
{
    char filler[256];
    (void)in_root(fixture, "filler", filler);
    if (!become_mounter() || mount("none", fixture->root, "tmpfs", 0, "size=4m,mode=700") != 0)
        return CANNOT_MOUNT;
    if (!probe(fixture))
        return 1;
    if (!fill(filler) || !fails(fixture, ERROR_AWAY))
        return 2;
    if (unlink(filler) != 0 || !probe(fixture))
        return 3;
    if (mount("none", fixture->root, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0 ||
        !fails(fixture, ERROR_AWAY))
        return 4;
    if (mount("none", fixture->root, NULL, MS_REMOUNT, NULL) != 0 || !probe(fixture))
        return 5;
    if (umount(fixture->root) != 0 || !fails(fixture, ERROR_AWAY) || !fails(fixture, ERROR_AWAY))
        return 6;
    if (mount("none", fixture->root, "tmpfs", 0, "mode=700") != 0 || !probe(fixture))
        return 7;
    return 0;
}

static void test_a_disk_that_fills_turns_read_only_and_goes(void **state)
{
    struct fixture *fixture = *state;
    int status = 0;
    assert_true(make_and_check(fixture, NULL));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(on_a_disk_of_its_own(fixture));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT_MOUNT)
        skip(); /* this machine allows no user namespaces */
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_check_leaves_nothing_in_the_root),
        TEST(test_check_makes_no_root),
        TEST(test_a_store_without_the_objects_that_are_known),
        TEST(test_a_store_whose_folders_are_closed_to_us),
        TEST(test_a_file_system_that_syncs_no_folders),
        TEST(test_the_probe_writes_nothing),
        TEST(test_a_missing_root),
        TEST(test_a_folder_without_permission),
        TEST(test_the_room_on_the_disk),
        TEST(test_a_disk_that_fills_turns_read_only_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
