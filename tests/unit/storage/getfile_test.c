/* SPDX-License-Identifier: Apache-2.0 */
/* Files that putfile has stored, read back whole, damaged and in part. */
#include "storage/getfile.h"

#include "upload_fixture.h"

#include <fcntl.h>

enum { MANY = 100, FILE_ID = 7 };

/* Stores a file, and its row. */
static struct stored_file store_file(const char *letters)
{
    const struct upload upload = upload_of(27);
    struct stored_file stored = {.id = FILE_ID, .name = "a.csv"};
    ok(put(&upload, letters, MANY));
    insert_file(FILE_ID);
    stored.size = file.size;
    memcpy(stored.checksum, file.checksum, sizeof(stored.checksum));
    return stored;
}

static bool get(const struct stored_file *stored, int fd)
{
    return getfile(pg, store, stored, fd, &error);
}

static int open_output(void)
{
    int fd = memfd_create("output", MFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void expect_same(int fd, const char *letters)
{
    static char one[BLOB_SIZE], other[BLOB_SIZE];
    int expected = make_file(letters);
    off_t size = lseek(expected, 0, SEEK_END);
    assert_int_equal(lseek(fd, 0, SEEK_END), size);
    for (off_t at = 0; at < size; at += (off_t)BLOB_SIZE) {
        ssize_t got = pread(expected, one, sizeof(one), at);
        assert_true(got > 0);
        assert_int_equal(pread(fd, other, sizeof(other), at), got);
        assert_memory_equal(one, other, (size_t)got);
    }
    (void)close(expected);
}

static void test_all_bytes_come_back(void **state)
{
    (void)state;
    static const char *const files[] = {"", "x", "A", "ABABC", "ABabc"};
    need_database();
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        if (i > 0)
            assert_int_equal(tidy(NULL) + prepare(NULL), 0);
        const struct stored_file stored = store_file(files[i]);
        int fd = open_output();
        ok(get(&stored, fd));
        expect_same(fd, files[i]);
        (void)close(fd);
    }
}

static void lose_second(void)
{
    ok(blob_store_remove(store, file.made[1].path, &error));
}

static void change_second(const char *bytes, size_t size)
{
    const struct blob_put wrong = {.path = file.made[1].path, .bytes = bytes, .size = size};
    ok(blob_store_put(store, &wrong, &error));
}

static void cut_second(void)
{
    change_second("B", 1);
}

static void overwrite_second(void)
{
    static const char zeros[BLOB_SIZE];
    change_second(zeros, sizeof(zeros));
}

/* No byte of a bad blob is written, nor of the blobs after it. */
static void test_a_bad_blob(void **state)
{
    (void)state;
    static const struct {
        void (*damage)(void);
        enum error_code code;
    } cases[] = {{lose_second, ERROR_NOT_FOUND},
                 {cut_second, ERROR_INVALID},
                 {overwrite_second, ERROR_INVALID}};
    need_database();
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char name[32];
        if (i > 0)
            assert_int_equal(tidy(NULL) + prepare(NULL), 0);
        const struct stored_file stored = store_file("ABC");
        int fd = open_output();
        cases[i].damage();
        assert_false(get(&stored, fd));
        assert_int_equal(error.code, cases[i].code);
        (void)snprintf(name, sizeof(name), "blob %" PRId64 ":", file.blob_ids[1]);
        assert_non_null(strstr(error.message, name));
        expect_same(fd, "A");
        (void)close(fd);
    }
}

/* The blobs are good, but do not make the file. */
static void test_another_file(void **state)
{
    (void)state;
    need_database();
    const struct stored_file stored = store_file("AB");
    int fd = open_output();
    struct stored_file longer = stored;
    longer.size++;
    assert_false(get(&longer, fd));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_non_null(strstr(error.message, "2097152 bytes"));
    struct stored_file other = stored;
    other.checksum[0] = other.checksum[0] == '0' ? '1' : '0';
    assert_false(get(&other, fd));
    assert_int_equal(error.code, ERROR_INVALID);
    run("DELETE FROM sentry_fileblobindex WHERE \"offset\" > 0");
    assert_false(get(&stored, fd));
    assert_int_equal(error.code, ERROR_INVALID);
    (void)close(fd);
}

static void test_an_output_that_fails(void **state)
{
    (void)state;
    need_database();
    const struct stored_file stored = store_file("A");
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_false(get(&stored, full));
    assert_int_equal(error.code, ERROR_AWAY);
    (void)close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_bytes_come_back),
        TEST(test_a_bad_blob),
        TEST(test_another_file),
        TEST(test_an_output_that_fails),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
