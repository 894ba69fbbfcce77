/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files without a name, on disk and in memory. */
#include "base/temporary.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static struct error error;

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/exportd-temporary-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

/* Fails if the folder is not empty. */
static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static bool is_on_disk_of_folder(int fd)
{
    struct stat file, home;
    assert_int_equal(fstat(fd, &file), 0);
    assert_int_equal(stat(folder, &home), 0);
    return file.st_dev == home.st_dev;
}

static void expect_bytes(int fd, size_t size)
{
    char byte = '\0';
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_size, size);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(pread(fd, &byte, 1, (off_t)i), 1);
        assert_int_equal(byte, (char)(i * 7));
    }
}

static void add_bytes(int fd, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        char byte = (char)(i * 7);
        assert_int_equal(write(fd, &byte, 1), 1);
    }
}

static void test_a_file_in_the_folder(void **state)
{
    (void)state;
    int fd = -1;
    assert_true(temporary_open(folder, &fd, &error));
    assert_true(is_on_disk_of_folder(fd));
    add_bytes(fd, 0, 100);
    expect_bytes(fd, 100);
    assert_int_equal(close(fd), 0);
}

static void test_from_memory_to_the_disk(void **state)
{
    (void)state;
    bool in_memory = false;
    int fd = -1;
    assert_true(temporary_open_small(folder, &fd, &in_memory, &error));
    assert_true(in_memory);
    assert_false(is_on_disk_of_folder(fd));
    add_bytes(fd, 0, 10000);
    assert_true(temporary_move_to_disk(folder, fd, &error));
    assert_true(is_on_disk_of_folder(fd));
    add_bytes(fd, 10000, 10100);
    expect_bytes(fd, 10100);
    assert_int_equal(close(fd), 0);
}

static void test_an_empty_file(void **state)
{
    (void)state;
    bool in_memory = false;
    int fd = -1;
    assert_true(temporary_open_small(folder, &fd, &in_memory, &error));
    assert_true(temporary_move_to_disk(folder, fd, &error));
    add_bytes(fd, 0, 10);
    expect_bytes(fd, 10);
    assert_int_equal(close(fd), 0);
}

/* The file in memory stays readable. */
static void test_there_is_no_folder(void **state)
{
    (void)state;
    char nowhere[80];
    bool in_memory = false;
    int fd = -1;
    (void)snprintf(nowhere, sizeof(nowhere), "%s/nowhere", folder);
    assert_false(temporary_open(nowhere, &fd, &error));
    assert_true(temporary_open_small(nowhere, &fd, &in_memory, &error));
    add_bytes(fd, 0, 10);
    assert_false(temporary_move_to_disk(nowhere, fd, &error));
    expect_bytes(fd, 10);
    assert_int_equal(close(fd), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_in_the_folder),
        TEST(test_from_memory_to_the_disk),
        TEST(test_an_empty_file),
        TEST(test_there_is_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
