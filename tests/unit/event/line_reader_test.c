/* SPDX-License-Identifier: Apache-2.0 */
#include "event/line_reader.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MAXIMUM = 10 };

/* Reads all `size` bytes of `text` and prints each line as "number=line;", or "number!;" if it is
   too long. */
static void read_all(const char *text, size_t size, char *out, size_t out_size)
{
    struct error error;
    struct line_reader reader;
    bool end = false;
    size_t used = 0;
    out[0] = '\0';
    FILE *input =
        size == 0 ? fopen("/dev/null", "r") : fmemopen((void *)(uintptr_t)text, size, "r");
    assert_non_null(input);
    line_reader_init(&reader, input, MAXIMUM);
    for (;;) {
        assert_true(line_reader_next(&reader, &end, &error));
        if (end)
            break;
        assert_true(reader.line.size <= MAXIMUM);
        used += (size_t)snprintf(out + used, out_size - used, "%" PRId64 "%s%s;", reader.number,
                                 reader.too_long ? "!" : "=",
                                 reader.line.size == 0 ? "" : reader.line.data);
        assert_true(used < out_size);
    }
    line_reader_free(&reader);
    (void)fclose(input);
}

static void assert_reads(const char *text, const char *expected)
{
    char out[512];
    read_all(text, strlen(text), out, sizeof(out));
    assert_string_equal(out, expected);
}

static void test_lines_with_and_without_end(void **state)
{
    (void)state;
    assert_reads("", "");
    assert_reads("a\nbc\n", "1=a;2=bc;");
    assert_reads("a\nbc", "1=a;2=bc;");
    assert_reads("a\r\nbc\r\n", "1=a\r;2=bc\r;");
}

static void test_blank_lines_are_numbered_and_passed_over(void **state)
{
    (void)state;
    assert_reads("\n\na\n \t\r\nb\n\n", "3=a;5=b;");
    assert_reads("\n", "");
    assert_reads("   ", "");
}

static void test_a_line_of_the_maximum_fits(void **state)
{
    (void)state;
    assert_reads("0123456789\n0123456789", "1=0123456789;2=0123456789;");
}

static void test_a_longer_line_is_passed_over(void **state)
{
    (void)state;
    assert_reads("0123456789a\nb\n", "1!;2=b;");
    assert_reads("b\n0123456789a", "1=b;2!;");
    assert_reads("          a\nb", "1!;2=b;");
}

/* The line is longer than the pieces in which the file is read. */
static void test_a_very_long_line_is_not_held(void **state)
{
    char out[64];
    size_t size = (size_t)100 * 1000;
    char *text = malloc(size + 3);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text + size, "\nb", 3);
    read_all(text, size + 2, out, sizeof(out));
    assert_string_equal(out, "1!;2=b;");
    free(text);
}

static void test_a_nul_is_a_byte_like_others(void **state)
{
    struct error error;
    struct line_reader reader;
    bool end = true;
    FILE *input = fmemopen((void *)(uintptr_t) "a\0b\nc", 5, "r");
    (void)state;
    assert_non_null(input);
    line_reader_init(&reader, input, MAXIMUM);
    assert_true(line_reader_next(&reader, &end, &error));
    assert_false(end);
    assert_int_equal(reader.line.size, 3);
    assert_memory_equal(reader.line.data, "a\0b", 3);
    line_reader_free(&reader);
    (void)fclose(input);
}

static void test_what_cannot_be_read_is_an_error(void **state)
{
    struct error error;
    struct line_reader reader;
    bool end = false;
    FILE *input = fopen("/", "r"); /* a folder can be opened, not read */
    (void)state;
    assert_non_null(input);
    line_reader_init(&reader, input, MAXIMUM);
    assert_false(line_reader_next(&reader, &end, &error));
    assert_string_equal(error.message, "the input cannot be read: Is a directory");
    line_reader_free(&reader);
    (void)fclose(input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_with_and_without_end),
        cmocka_unit_test(test_blank_lines_are_numbered_and_passed_over),
        cmocka_unit_test(test_a_line_of_the_maximum_fits),
        cmocka_unit_test(test_a_longer_line_is_passed_over),
        cmocka_unit_test(test_a_very_long_line_is_not_held),
        cmocka_unit_test(test_a_nul_is_a_byte_like_others),
        cmocka_unit_test(test_what_cannot_be_read_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
