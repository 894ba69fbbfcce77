/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/snuba/sorter.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* These tests measure memory: the address sanitizer must not keep much of what is freed. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=16";
}

#define MEMORY ((size_t)8 * 1024 * 1024)

enum { MILLIONS = 3000000, ARENA_MAX = 1 << 20 };

static struct error error;

static void put(struct sorter *sorter, const char *value, int64_t first_seen)
{
    const struct group_tag_value row = {.value = value,
                                        .value_size = strlen(value),
                                        .times_seen = first_seen + 7,
                                        .first_seen = first_seen,
                                        .last_seen = first_seen + 1};
    assert_true(sorter_put(sorter, &row, &error));
}

/* The next row's value, or NULL. */
static const char *next(struct sorter *sorter, struct arena *arena, int64_t *first_seen)
{
    struct group_tag_value row;
    bool found = false;
    if (!sorter_next(sorter, arena, &row, &found, &error))
        fail_msg("%s", error.message);
    if (!found)
        return NULL;
    assert_int_equal(row.value_size, strlen(row.value));
    assert_int_equal(row.times_seen, row.first_seen + 7);
    assert_int_equal(row.last_seen, row.first_seen + 1);
    *first_seen = row.first_seen;
    return row.value;
}

static void expect(struct sorter *sorter, struct arena *arena, const char *value,
                   int64_t first_seen)
{
    int64_t seen = 0;
    const char *found = next(sorter, arena, &seen);
    assert_non_null(found);
    assert_string_equal(found, value);
    assert_int_equal(seen, first_seen);
}

static void expect_end(struct sorter *sorter, struct arena *arena)
{
    int64_t seen = 0;
    assert_null(next(sorter, arena, &seen));
    assert_null(next(sorter, arena, &seen));
}

/* ---- order ---- */

/* Rows of one time are ordered by the bytes of their values, not by letters. A value comes before
   its continuations. */
static void check_order(size_t memory, bool on_disk)
{
    struct arena *arena = arena_new(ARENA_MAX);
    struct sorter *sorter = sorter_new("/tmp", memory);
    put(sorter, "", 5);
    put(sorter, "B", 5);
    put(sorter, "a", 9);
    put(sorter, "aa", 5);
    put(sorter, "ab", 5);
    put(sorter, "\xc3\xa4", 5);
    put(sorter, "a", 5);
    put(sorter, "z", INT64_MAX - 7);
    put(sorter, "y", USEC_NONE);
    assert_int_equal(sorter_rows(sorter), 9);
    assert_true(sorter_finish(sorter, &error));
    assert_int_equal(sorter_runs(sorter) > 0, on_disk);
    expect(sorter, arena, "z", INT64_MAX - 7);
    expect(sorter, arena, "a", 9);
    expect(sorter, arena, "", 5);
    expect(sorter, arena, "B", 5);
    expect(sorter, arena, "a", 5);
    expect(sorter, arena, "aa", 5);
    expect(sorter, arena, "ab", 5);
    expect(sorter, arena, "\xc3\xa4", 5);
    expect(sorter, arena, "y", USEC_NONE);
    expect_end(sorter, arena);
    sorter_free(sorter);
    arena_free(arena);
}

static void test_order(void **state)
{
    (void)state;
    check_order(MEMORY, false);
    check_order(1, true); /* each row is a run */
    check_order(150, true);
}

static void check_few(size_t memory)
{
    struct arena *arena = arena_new(ARENA_MAX);
    struct sorter *sorter = sorter_new("/tmp", memory);
    assert_true(sorter_finish(sorter, &error));
    expect_end(sorter, arena);
    sorter_free(sorter);

    sorter = sorter_new("/tmp", memory);
    put(sorter, "only", 1);
    assert_true(sorter_finish(sorter, &error));
    expect(sorter, arena, "only", 1);
    expect_end(sorter, arena);
    sorter_free(sorter);
    sorter_free(NULL);
    arena_free(arena);
}

static void test_no_row_and_one_row(void **state)
{
    (void)state;
    check_few(MEMORY);
    check_few(1);
}

/* A value between short ones is longer than the bytes of a run that are read at a time. */
static void test_long_values(void **state)
{
    (void)state;
    enum { LONG = 300000 };
    struct arena *arena = arena_new(ARENA_MAX);
    struct sorter *sorter = sorter_new("/tmp", 1000);
    char *text = malloc(LONG + 1);
    memset(text, 'x', LONG);
    text[LONG] = '\0';
    for (int i = 0; i < 50; i++)
        put(sorter, "short", i);
    put(sorter, text, 25);
    put(sorter, "y", 25);
    assert_true(sorter_finish(sorter, &error));
    for (int i = 49; i >= 0; i--) {
        expect(sorter, arena, "short", i);
        if (i == 25) {
            expect(sorter, arena, text, 25);
            expect(sorter, arena, "y", 25);
        }
    }
    expect_end(sorter, arena);
    free(text);
    sorter_free(sorter);
    arena_free(arena);
}

/* ---- millions of rows ---- */

static int64_t peak_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static int64_t moment_of(int64_t i)
{
    return (i * 7919) % 1000; /* thousands of values per time */
}

/* Rows are added in the order of their values, as pages bring them. Each comes back once, in
   order. */
static void test_millions(void **state)
{
    (void)state;
    char value[64];
    struct arena *arena = arena_new(ARENA_MAX);
    struct sorter *sorter = sorter_new("/tmp", MEMORY);
    int64_t before = peak_kib();
    for (int64_t i = 0; i < MILLIONS; i++) {
        (void)snprintf(value, sizeof(value), "user-%09" PRId64 "@example.com", i);
        put(sorter, value, moment_of(i));
    }
    assert_true(sorter_finish(sorter, &error));
    assert_in_range(sorter_runs(sorter), 15, 100);
    int64_t count = 0;
    int64_t sum = 0;
    int64_t last_seen = INT64_MAX;
    char last_value[64] = "";
    int64_t seen = 0;
    for (const char *found; (found = next(sorter, arena, &seen)) != NULL; count++) {
        int64_t number = strtoll(found + 5, NULL, 10);
        assert_int_equal(moment_of(number), seen);
        assert_true(seen < last_seen || (seen == last_seen && strcmp(found, last_value) > 0));
        last_seen = seen;
        (void)snprintf(last_value, sizeof(last_value), "%s", found);
        sum += number;
        if (count % 1000 == 0)
            arena_reset(arena);
    }
    assert_int_equal(count, MILLIONS);
    assert_int_equal(sum, (int64_t)MILLIONS * (MILLIONS - 1) / 2);
    /* the rows have 170 MiB; a sanitizer keeps some of what is freed */
    assert_in_range(peak_kib() - before, 0, 64 * 1024);
    sorter_free(sorter);
    arena_free(arena);
}

/* ---- failures ---- */

static void test_no_folder(void **state)
{
    (void)state;
    struct sorter *sorter = sorter_new("/nonexistent", 1);
    const struct group_tag_value row = {.value = "a", .value_size = 1};
    assert_false(sorter_put(sorter, &row, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    sorter_free(sorter);
}

/* Finds the file, which has no name, among the open files. */
static int find_temporary(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int found = -1;
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct stat info;
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (fd > 2 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 0)
            found = fd;
    }
    (void)closedir(folder);
    return found;
}

static struct sorter *fill_on_disk(int count)
{
    char value[32];
    struct sorter *sorter = sorter_new("/tmp", 20000);
    for (int i = 0; i < count; i++) {
        (void)snprintf(value, sizeof(value), "%08d", i);
        put(sorter, value, i % 10);
    }
    return sorter;
}

static void test_nothing_is_left_behind(void **state)
{
    (void)state;
    struct sorter *sorter = fill_on_disk(10000);
    assert_true(find_temporary() >= 0);
    sorter_free(sorter);
    assert_int_equal(find_temporary(), -1);
}

/* The file is shortened: this is an error, never a shorter export. */
static void test_a_file_that_becomes_shorter(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_MAX);
    struct sorter *sorter = fill_on_disk(10000);
    assert_true(sorter_finish(sorter, &error));
    struct stat info;
    int fd = find_temporary();
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(ftruncate(fd, info.st_size - 1), 0);
    bool good = true;
    bool found = true;
    struct group_tag_value row;
    while (good && found)
        good = sorter_next(sorter, arena, &row, &found, &error);
    assert_false(good);
    assert_int_equal(error.code, ERROR_INTERNAL);
    sorter_free(sorter);
    arena_free(arena);
}

/* In a process of its own: a read of the file fails (EISDIR). */
static void test_a_file_that_cannot_be_read(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_MAX);
    struct sorter *sorter = fill_on_disk(10000);
    int fd = find_temporary();
    int folder = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    assert_int_equal(dup3(folder, fd, O_CLOEXEC), fd);
    assert_false(sorter_finish(sorter, &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
    (void)close(folder);
    sorter_free(sorter);
    arena_free(arena);
}

/* A file system of 64 KiB. The process exits with 77 if it may not mount one. */
static int fill_a_small_disk(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "/tmp", "tmpfs", 0, "size=64k") != 0)
        return 77;
    struct error reason;
    const struct group_tag_value row = {.value = "value", .value_size = 5};
    struct sorter *sorter = sorter_new("/tmp", 20000);
    int puts = 0;
    while (puts < 100000 && sorter_put(sorter, &row, &reason))
        puts++;
    sorter_free(sorter);
    return puts < 100000 && reason.code == ERROR_AWAY ? 0 : 1;
}

static void test_a_full_disk(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(fill_a_small_disk());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_millions),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_no_row_and_one_row),
        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_nothing_is_left_behind),
        cmocka_unit_test(test_a_file_that_becomes_shorter),
        cmocka_unit_test(test_a_file_that_cannot_be_read),
        cmocka_unit_test(test_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
