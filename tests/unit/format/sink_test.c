/* SPDX-License-Identifier: Apache-2.0 */
#include "format/sink.h"

#include "base/clock.h"
#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MEBIBYTE = 1024 * 1024 };

static int temporary_file(void)
{
    struct error error;
    int fd = -1;
    assert_true(temporary_open("/tmp", &fd, &error));
    return fd;
}

static void the_size_is_bounded(void **state)
{
    (void)state;
    struct error error;
    char read[20] = "";
    int fd = temporary_file();
    struct sink *sink = sink_to_descriptor(fd, 10);
    assert_non_null(sink);
    assert_true(sink_write(sink, "1234567", 7, &error));
    assert_false(sink_write(sink, "89ab", 4, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_string_equal(error.message, "more than 10 bytes");
    assert_int_equal(sink_bytes(sink), 7);
    assert_true(sink_write(sink, "89a", 3, &error));
    assert_true(sink_write(sink, "", 0, &error));
    assert_false(sink_write(sink, "b", 1, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_int_equal(sink_bytes(sink), 10);
    assert_true(sink_flush(sink, &error));
    assert_int_equal(pread(fd, read, sizeof(read), 0), 10);
    assert_string_equal(read, "123456789a");
    sink_free(sink);
    (void)close(fd);
}

static void a_full_disk(void **state)
{
    (void)state;
    struct error error;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct sink *sink = sink_to_descriptor(fd, 1000);
    assert_non_null(sink);
    assert_true(sink_write(sink, "x", 1, &error));
    assert_false(sink_flush(sink, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_string_equal(error.message, "cannot write the export: No space left on device");
    sink_free(sink);
    (void)close(fd);
}

static void a_closed_file(void **state)
{
    (void)state;
    struct error error;
    int fd = temporary_file();
    struct sink *sink = sink_to_descriptor(fd, 1000);
    assert_non_null(sink);
    assert_true(sink_write(sink, "x", 1, &error));
    (void)close(fd);
    assert_false(sink_flush(sink, &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
    sink_free(sink);
}

/* sink_free leaves the caller's descriptor open, and closes a temporary file. */
static void free_closes_only_a_temporary_file(void **state)
{
    (void)state;
    struct error error;
    struct stat status;
    int lent = temporary_file();
    struct sink *sink = sink_to_descriptor(lent, 10);
    assert_non_null(sink);
    assert_int_equal(sink_descriptor(sink), lent);
    sink_free(sink);
    assert_int_equal(fstat(lent, &status), 0);
    (void)close(lent);
    sink = sink_to_temporary("/tmp", 10, &error);
    assert_non_null(sink);
    int own = sink_descriptor(sink);
    assert_int_equal(fstat(own, &status), 0);
    sink_free(sink);
    assert_int_equal(fstat(own, &status), -1);
    assert_int_equal(errno, EBADF);
    sink_free(NULL);
}

static bool in_folder(const struct sink *sink, const char *folder)
{
    struct stat file, parent;
    assert_int_equal(fstat(sink_descriptor(sink), &file), 0);
    assert_int_equal(stat(folder, &parent), 0);
    return file.st_dev == parent.st_dev;
}

/* A temporary file of up to 1 MiB is in memory. A larger one is in its folder, with all its bytes
   and the same descriptor. */
static void a_temporary_file_grows(void **state)
{
    (void)state;
    static const char *const folder = "/tmp";
    static char piece[MEBIBYTE], read[MEBIBYTE];
    struct error error;
    struct sink *sink = sink_to_temporary(folder, INT64_MAX, &error);
    assert_non_null(sink);
    int fd = sink_descriptor(sink);
    memset(piece, 'a', sizeof(piece));
    assert_true(sink_write(sink, piece, sizeof(piece), &error));
    assert_true(sink_flush(sink, &error));
    assert_false(in_folder(sink, folder));
    memset(piece, 'b', sizeof(piece));
    assert_true(sink_write(sink, piece, sizeof(piece), &error));
    assert_true(sink_flush(sink, &error));
    assert_true(in_folder(sink, folder));
    assert_int_equal(sink_descriptor(sink), fd);
    assert_int_equal(sink_bytes(sink), 2 * MEBIBYTE);
    assert_int_equal(pread(fd, read, MEBIBYTE, MEBIBYTE), MEBIBYTE);
    assert_memory_equal(read, piece, MEBIBYTE);
    memset(piece, 'a', sizeof(piece));
    assert_int_equal(pread(fd, read, MEBIBYTE, 0), MEBIBYTE);
    assert_memory_equal(read, piece, MEBIBYTE);
    assert_int_equal(pread(fd, read, 1, 2 * MEBIBYTE), 0);
    sink_free(sink);
}

static void no_folder_to_grow_into(void **state)
{
    (void)state;
    static char piece[MEBIBYTE + 1];
    struct error error;
    struct sink *sink = sink_to_temporary("/nowhere", INT64_MAX, &error);
    assert_non_null(sink);
    bool written = sink_write(sink, piece, sizeof(piece), &error) && sink_flush(sink, &error);
    assert_false(written);
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    sink_free(sink);
}

static void on_alarm(int number)
{
    (void)number;
}

/* Copies a pipe into a file slowly, so that writes to the pipe are short and interrupted. */
static void drain(int from, int to)
{
    char piece[5000];
    ssize_t got = 0;
    while ((got = read(from, piece, sizeof(piece))) > 0) {
        if (write(to, piece, (size_t)got) != got)
            _exit(1);
        clock_sleep_ms(1);
    }
    _exit(got == 0 ? 0 : 1);
}

static void start_alarms(bool on)
{
    struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    struct itimerval every = {.it_interval.tv_usec = on ? 500 : 0,
                              .it_value.tv_usec = on ? 500 : 0};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

static void interrupted_and_short_writes(void **state)
{
    (void)state;
    enum { ROWS = 50000 };
    struct error error;
    int file = temporary_file();
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[1]);
        drain(ends[0], file);
    }
    (void)close(ends[0]);
    struct sink *sink = sink_to_descriptor(ends[1], INT64_MAX);
    assert_non_null(sink);
    start_alarms(true);
    for (int i = 100000; i < 100000 + ROWS; i++) {
        char row[9];
        (void)snprintf(row, sizeof(row), "%06d\r\n", i);
        assert_true(sink_write(sink, row, 8, &error));
    }
    assert_true(sink_flush(sink, &error));
    start_alarms(false);
    sink_free(sink);
    (void)close(ends[1]);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    char line[9] = "";
    for (int i = 0; i < ROWS; i++) {
        char expected[9];
        (void)snprintf(expected, sizeof(expected), "%06d\r\n", 100000 + i);
        assert_int_equal(pread(file, line, 8, (off_t)8 * i), 8);
        assert_string_equal(line, expected);
    }
    assert_int_equal(pread(file, line, 1, (off_t)8 * ROWS), 0);
    (void)close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_size_is_bounded),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(a_closed_file),
        cmocka_unit_test(free_closes_only_a_temporary_file),
        cmocka_unit_test(a_temporary_file_grows),
        cmocka_unit_test(no_folder_to_grow_into),
        cmocka_unit_test(interrupted_and_short_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
