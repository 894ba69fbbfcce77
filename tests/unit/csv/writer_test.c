#include "csv/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FFFD          "\xef\xbf\xbd"
#define TEXT(literal) (literal), sizeof(literal) - 1

/* A writer to an unlinked file. */
struct fixture {
    int fd;
    struct csv_writer *writer;
    struct error error;
};

static void open_writer(struct fixture *f, int64_t max_bytes, bool guard)
{
    char path[] = "/tmp/csv_writer_test_XXXXXX";
    f->fd = mkstemp(path);
    assert_true(f->fd >= 0);
    assert_int_equal(unlink(path), 0);
    f->writer = csv_writer_new(f->fd, max_bytes, guard);
    assert_non_null(f->writer);
}

static void close_writer(struct fixture *f)
{
    csv_writer_free(f->writer);
    (void)close(f->fd);
}

static void cell(struct fixture *f, const char *text)
{
    assert_true(csv_writer_text(f->writer, text, strlen(text), &f->error));
}

static void end_row(struct fixture *f)
{
    assert_true(csv_writer_end_row(f->writer, &f->error));
}

/* The file's bytes are `expected` and their number is known. */
static void assert_file(struct fixture *f, const char *expected, size_t size)
{
    char *read = calloc(1, size + 2);
    assert_non_null(read);
    assert_true(csv_writer_flush(f->writer, &f->error));
    assert_int_equal(csv_writer_bytes(f->writer), size);
    assert_int_equal(pread(f->fd, read, size + 1, 0), size);
    assert_memory_equal(read, expected, size);
    free(read);
}

static void assert_cell(const char *text, size_t size, bool guard, const char *expected)
{
    struct fixture f;
    open_writer(&f, 10000, guard);
    assert_true(csv_writer_text(f.writer, text, size, &f.error));
    assert_file(&f, expected, strlen(expected));
    close_writer(&f);
}

static void rows(void **state)
{
    (void)state;
    static const char expected[] = "value,times_seen,last_seen,first_seen\r\n"
                                   "\"a,b\",-5,2020-03-25T16:12:18.000123Z,\r\n"
                                   ",9223372036854775807,0001-01-01T00:00:00.000000Z,"
                                   "9999-12-31T23:59:59.999999Z\r\n"
                                   ",\r\n";
    struct fixture f;
    open_writer(&f, 1000, false);
    cell(&f, "value");
    cell(&f, "times_seen");
    cell(&f, "last_seen");
    cell(&f, "first_seen");
    end_row(&f);
    cell(&f, "a,b");
    assert_true(csv_writer_int(f.writer, -5, &f.error));
    assert_true(csv_writer_time(f.writer, INT64_C(1585152738000123), &f.error));
    assert_true(csv_writer_time(f.writer, USEC_NONE, &f.error));
    end_row(&f);
    cell(&f, "");
    assert_true(csv_writer_int(f.writer, INT64_MAX, &f.error));
    assert_true(csv_writer_time(f.writer, USEC_FIRST, &f.error));
    assert_true(csv_writer_time(f.writer, USEC_LAST, &f.error));
    end_row(&f);
    cell(&f, "");
    cell(&f, "");
    end_row(&f);
    assert_file(&f, expected, sizeof(expected) - 1);
    close_writer(&f);
}

static void rows_of_one_cell_or_none(void **state)
{
    (void)state;
    struct fixture f;
    open_writer(&f, 1000, false);
    cell(&f, "");
    end_row(&f);
    end_row(&f);
    cell(&f, "x");
    end_row(&f);
    cell(&f, "");
    end_row(&f);
    assert_file(&f, TEXT("\"\"\r\n\r\nx\r\n\"\"\r\n"));
    close_writer(&f);
}

static void quotes_only_where_needed(void **state)
{
    (void)state;
    assert_cell(TEXT("plain text; tab\t 'x' =1+1"), false, "plain text; tab\t 'x' =1+1");
    assert_cell(TEXT("  spaces  "), false, "  spaces  ");
    assert_cell(TEXT("a,b"), false, "\"a,b\"");
    assert_cell(TEXT("a\"b"), false, "\"a\"\"b\"");
    assert_cell(TEXT("\""), false, "\"\"\"\"");
    assert_cell(TEXT("\"\"\""), false, "\"\"\"\"\"\"\"\"");
    assert_cell(TEXT("a\nb"), false, "\"a\nb\"");
    assert_cell(TEXT("a\rb"), false, "\"a\rb\"");
    assert_cell(TEXT(","), false, "\",\"");
    assert_cell(TEXT("a\x0b\x0c\x1f\x7f"), false, "a\x0b\x0c\x1f\x7f");
}

static void text_is_made_utf8(void **state)
{
    (void)state;
    assert_cell(TEXT("\xc3\xa9\xf0\x9f\x98\x80"), false, "\xc3\xa9\xf0\x9f\x98\x80");
    assert_cell(TEXT("a\0b\0"), false, "ab");
    assert_cell(TEXT("\0"), false, "");
    assert_cell(TEXT("\xff\xc3"), false, FFFD FFFD);
    assert_cell(TEXT("\xe2\x82,\0\""), false, "\"" FFFD ",\"\"\"");
}

static void formulas_are_guarded(void **state)
{
    (void)state;
    assert_cell(TEXT("=1+1"), true, "'=1+1");
    assert_cell(TEXT("+1"), true, "'+1");
    assert_cell(TEXT("-1"), true, "'-1");
    assert_cell(TEXT("@x"), true, "'@x");
    assert_cell(TEXT("\tx"), true, "'\tx");
    assert_cell(TEXT("\rx"), true, "\"'\rx\"");
    assert_cell(TEXT("\nx"), true, "\"'\nx\"");
    assert_cell(TEXT("=a,\"b\""), true, "\"'=a,\"\"b\"\"\"");
    assert_cell(TEXT("\0=1"), true, "'=1");
    assert_cell(TEXT("x=1"), true, "x=1");
    assert_cell(TEXT(" =1"), true, " =1");
    assert_cell(TEXT("\xff=1"), true, FFFD "=1");
    assert_cell(TEXT(""), true, "");
}

static void numbers_are_not_guarded(void **state)
{
    (void)state;
    struct fixture f;
    open_writer(&f, 1000, true);
    assert_true(csv_writer_int(f.writer, INT64_MIN, &f.error));
    end_row(&f);
    assert_file(&f, TEXT("-9223372036854775808\r\n"));
    close_writer(&f);
}

static void times_that_cannot_be_printed(void **state)
{
    (void)state;
    struct fixture f;
    open_writer(&f, 1000, false);
    assert_false(csv_writer_time(f.writer, USEC_FIRST - 1, &f.error));
    assert_int_equal(f.error.code, ERROR_INVALID);
    assert_false(csv_writer_time(f.writer, USEC_LAST + 1, &f.error));
    assert_int_equal(f.error.code, ERROR_INVALID);
    close_writer(&f);
}

/* Cells around the size of the buffer, and far beyond it. */
static void long_cells(void **state)
{
    (void)state;
    enum { LONGEST = 1000000 };
    static const size_t sizes[] = {65530, 65535, 65536, 65537, 131072, LONGEST};
    static char text[LONGEST];
    static char expected[3 * LONGEST + 5];
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        size_t size = sizes[i];
        memset(text, 'x', size);
        struct fixture f;
        open_writer(&f, 10000000, false);
        assert_true(csv_writer_text(f.writer, text, size, &f.error));
        memset(text, '"', size); /* each one becomes two: libcsv's worst case */
        assert_true(csv_writer_text(f.writer, text, size, &f.error));
        end_row(&f);
        memset(expected, 'x', size);
        expected[size] = ',';
        memset(expected + size + 1, '"', 2 * size + 2);
        expected[3 * size + 3] = '\r';
        expected[3 * size + 4] = '\n';
        assert_file(&f, expected, 3 * size + 5);
        close_writer(&f);
    }
}

static void the_size_is_bounded(void **state)
{
    (void)state;
    struct fixture f;
    open_writer(&f, 10, false);
    cell(&f, "1234");
    cell(&f, "567");
    end_row(&f);
    assert_int_equal(csv_writer_bytes(f.writer), 10);
    assert_true(csv_writer_text(f.writer, "", 0, &f.error));
    assert_false(csv_writer_end_row(f.writer, &f.error));
    assert_int_equal(f.error.code, ERROR_TOO_LARGE);
    assert_string_equal(f.error.message, "more than 10 bytes of CSV");
    assert_false(csv_writer_int(f.writer, 7, &f.error));
    assert_file(&f, "1234,567\r\n", 10);
    close_writer(&f);
}

static void a_giant_cell(void **state)
{
    (void)state;
    size_t size = (size_t)16 * 1024 * 1024 + 1;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, ',', size);
    struct fixture f;
    open_writer(&f, INT64_C(1) << 31, false);
    assert_false(csv_writer_text(f.writer, text, size, &f.error));
    assert_int_equal(f.error.code, ERROR_TOO_LARGE);
    text[0] = '\xff';
    assert_false(csv_writer_text(f.writer, text, size, &f.error));
    assert_int_equal(f.error.code, ERROR_TOO_LARGE);
    close_writer(&f);
    free(text);
}

static void a_full_disk(void **state)
{
    (void)state;
    struct fixture f;
    f.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(f.fd >= 0);
    f.writer = csv_writer_new(f.fd, 1000, false);
    assert_non_null(f.writer);
    cell(&f, "x");
    end_row(&f);
    assert_false(csv_writer_flush(f.writer, &f.error));
    assert_int_equal(f.error.code, ERROR_AWAY);
    assert_string_equal(f.error.message, "cannot write the CSV: No space left on device");
    close_writer(&f);
}

static void a_closed_file(void **state)
{
    (void)state;
    struct fixture f;
    open_writer(&f, 1000, false);
    cell(&f, "x");
    (void)close(f.fd);
    assert_false(csv_writer_flush(f.writer, &f.error));
    assert_int_equal(f.error.code, ERROR_INTERNAL);
    csv_writer_free(f.writer);
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
    struct fixture f;
    open_writer(&f, INT64_MAX, false);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[1]);
        drain(ends[0], f.fd);
    }
    (void)close(ends[0]);
    struct csv_writer *writer = csv_writer_new(ends[1], INT64_MAX, false);
    assert_non_null(writer);
    start_alarms(true);
    for (int64_t i = 100000; i < 100000 + ROWS; i++)
        assert_true(csv_writer_int(writer, i, &f.error) && csv_writer_end_row(writer, &f.error));
    assert_true(csv_writer_flush(writer, &f.error));
    start_alarms(false);
    csv_writer_free(writer);
    (void)close(ends[1]);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    char line[9] = "";
    for (int i = 0; i < ROWS; i++) {
        char expected[9];
        (void)snprintf(expected, sizeof(expected), "%06d\r\n", 100000 + i);
        assert_int_equal(pread(f.fd, line, 8, (off_t)8 * i), 8);
        assert_string_equal(line, expected);
    }
    assert_int_equal(pread(f.fd, line, 1, (off_t)8 * ROWS), 0);
    close_writer(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(rows_of_one_cell_or_none),
        cmocka_unit_test(quotes_only_where_needed),
        cmocka_unit_test(text_is_made_utf8),
        cmocka_unit_test(formulas_are_guarded),
        cmocka_unit_test(numbers_are_not_guarded),
        cmocka_unit_test(times_that_cannot_be_printed),
        cmocka_unit_test(long_cells),
        cmocka_unit_test(the_size_is_bounded),
        cmocka_unit_test(a_giant_cell),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(a_closed_file),
        cmocka_unit_test(interrupted_and_short_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
