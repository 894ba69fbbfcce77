/* SPDX-License-Identifier: Apache-2.0 */
#include "format/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define FFFD          "\xef\xbf\xbd"
#define TEXT(literal) (literal), sizeof(literal) - 1

static const struct row_column one_text[] = {{"a", ROW_TEXT}};
static const struct row_column two_texts[] = {{"a", ROW_TEXT}, {"b", ROW_TEXT}};
static const struct row_column all_types[] = {{"value", ROW_TEXT},
                                              {"times_seen", ROW_INTEGER},
                                              {"last_seen", ROW_TIME},
                                              {"first_seen", ROW_TIME}};

#define COLUMNS(items) ((struct row_columns){(items), ARRAY_LENGTH(items)})

/* A writer over a temporary file, and how many of its bytes assert_more has checked. */
struct fixture {
    struct sink *sink;
    struct row_writer *writer;
    int64_t seen;
    struct error error;
};

static void open_writer(struct fixture *f, struct row_columns columns, bool guard)
{
    f->seen = 0;
    f->sink = sink_to_temporary("/tmp", 10000000, &f->error);
    assert_non_null(f->sink);
    const struct row_output output = {
        .format = &csv_format, .options.formula_guard = guard, .sink = f->sink};
    assert_true(row_writer_open(&output, columns, &f->writer, &f->error));
}

static void close_writer(struct fixture *f)
{
    row_writer_free(f->writer);
    sink_free(f->sink);
}

static union row_cell text(const char *bytes, size_t size)
{
    return (union row_cell){.text = {.bytes = bytes, .size = size}};
}

static void put_row(struct fixture *f, const union row_cell *cells)
{
    if (!row_writer_put(f->writer, cells, &f->error))
        fail_msg("%s", f->error.message);
}

/* Checks the bytes written to the file since the last call. */
static void assert_more(struct fixture *f, const char *expected, size_t size)
{
    char *read = calloc(1, size + 2);
    assert_non_null(read);
    assert_true(row_writer_finish(f->writer, &f->error));
    assert_int_equal(pread(sink_descriptor(f->sink), read, size + 1, f->seen), size);
    assert_memory_equal(read, expected, size);
    f->seen += (int64_t)size;
    assert_int_equal(sink_bytes(f->sink), f->seen);
    free(read);
}

static void assert_cell(const char *bytes, size_t size, bool guard, const char *expected)
{
    struct fixture f;
    char row[100];
    const union row_cell cells[] = {text(bytes, size), text("x", 1)};
    open_writer(&f, COLUMNS(two_texts), guard);
    assert_more(&f, TEXT("a,b\r\n"));
    put_row(&f, cells);
    int length = snprintf(row, sizeof(row), "%s,x\r\n", expected);
    assert_more(&f, row, (size_t)length);
    close_writer(&f);
}

static void rows(void **state)
{
    (void)state;
    const union row_cell first[] = {
        text("a,b", 3), {.integer = -5}, {.time = INT64_C(1585152738000123)}, {.time = USEC_NONE}};
    const union row_cell second[] = {
        text("", 0), {.integer = INT64_MAX}, {.time = USEC_FIRST}, {.time = USEC_LAST}};
    const union row_cell third[] = {
        text(NULL, 0), {.integer = 0}, {.time = USEC_NONE}, {.time = USEC_NONE}};
    struct fixture f;
    open_writer(&f, COLUMNS(all_types), false);
    put_row(&f, first);
    put_row(&f, second);
    put_row(&f, third);
    assert_more(&f, TEXT("value,times_seen,last_seen,first_seen\r\n"
                         "\"a,b\",-5,2020-03-25T16:12:18.000123Z,\r\n"
                         ",9223372036854775807,0001-01-01T00:00:00.000000Z,"
                         "9999-12-31T23:59:59.999999Z\r\n"
                         ",0,,\r\n"));
    close_writer(&f);
}

static void rows_of_one_cell(void **state)
{
    (void)state;
    const union row_cell none = text(NULL, 0);
    const union row_cell empty = text("", 0);
    const union row_cell dropped = text("\0", 1);
    const union row_cell x = text("x", 1);
    struct fixture f;
    open_writer(&f, COLUMNS(one_text), false);
    put_row(&f, &empty);
    put_row(&f, &none);
    put_row(&f, &x);
    put_row(&f, &dropped);
    assert_more(&f, TEXT("a\r\n\"\"\r\n\"\"\r\nx\r\n\"\"\r\n"));
    close_writer(&f);
}

static void rows_of_no_cells(void **state)
{
    (void)state;
    struct fixture f;
    open_writer(&f, (struct row_columns){NULL, 0}, false);
    put_row(&f, NULL);
    assert_more(&f, TEXT("\r\n\r\n"));
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
    assert_cell(TEXT("x\xef\xbc\x9d"), true, "x\xef\xbc\x9d");
    assert_cell(TEXT("\xff=1"), true, FFFD "=1");
    assert_cell(TEXT(""), true, "");
}

static void formulas_behind_blanks_are_guarded(void **state)
{
    (void)state;
    assert_cell(TEXT(" =1"), true, "' =1");
    assert_cell(TEXT("   @x"), true, "'   @x");
    assert_cell(TEXT("\xc2\xa0+1"), true, "'\xc2\xa0+1");
    assert_cell(TEXT("\xef\xbb\xbf=1"), true, "'\xef\xbb\xbf=1");
    assert_cell(TEXT("\xef\xbb\xbf \xc2\xa0\tx"), true, "'\xef\xbb\xbf \xc2\xa0\tx");
    assert_cell(TEXT("\xe2\x80\x8b-1"), true, "'\xe2\x80\x8b-1");
    assert_cell(TEXT("\xe3\x80\x80-1"), true, "'\xe3\x80\x80-1");
    assert_cell(TEXT(" \0=1"), true, "' =1");
    assert_cell(TEXT(" =1"), false, " =1");
    assert_cell(TEXT("  x=1"), true, "  x=1");
    assert_cell(TEXT("  "), true, "  ");
    assert_cell(TEXT("\xef\xbb\xbf"), true, "\xef\xbb\xbf");
}

static void wide_formulas_are_guarded(void **state)
{
    (void)state;
    assert_cell(TEXT("\xef\xbc\x9dx"), true, "'\xef\xbc\x9dx");
    assert_cell(TEXT("\xef\xbc\x8bx"), true, "'\xef\xbc\x8bx");
    assert_cell(TEXT("\xef\xbc\x8dx"), true, "'\xef\xbc\x8dx");
    assert_cell(TEXT(" \xef\xbc\xa0x"), true, "' \xef\xbc\xa0x");
    assert_cell(TEXT("\xef\xbc\x8cx"), true, "\xef\xbc\x8cx");
    assert_cell(TEXT("\xef\xbc"), true, FFFD);
}

static void only_texts_are_guarded(void **state)
{
    (void)state;
    static const struct row_column columns[] = {{"=name", ROW_TEXT}, {"-n", ROW_INTEGER}};
    const union row_cell cells[] = {text("-1", 2), {.integer = INT64_MIN}};
    struct fixture f;
    open_writer(&f, COLUMNS(columns), true);
    put_row(&f, cells);
    assert_more(&f, TEXT("'=name,'-n\r\n'-1,-9223372036854775808\r\n"));
    close_writer(&f);
}

static void times_that_cannot_be_printed(void **state)
{
    (void)state;
    static const struct row_column columns[] = {{"time", ROW_TIME}};
    const union row_cell early = {.time = USEC_FIRST - 1};
    const union row_cell late = {.time = USEC_LAST + 1};
    struct fixture f;
    open_writer(&f, COLUMNS(columns), false);
    assert_false(row_writer_put(f.writer, &early, &f.error));
    assert_int_equal(f.error.code, ERROR_INVALID);
    assert_false(row_writer_put(f.writer, &late, &f.error));
    assert_int_equal(f.error.code, ERROR_INVALID);
    close_writer(&f);
}

/* Cells about as large as the sink's buffer, and much larger ones. */
static void long_cells(void **state)
{
    (void)state;
    enum { LONGEST = 1000000 };
    static const size_t sizes[] = {65530, 65535, 65536, 65537, 131072, LONGEST};
    static char plain[LONGEST], quotes[LONGEST];
    static char expected[3 * LONGEST + 5];
    memset(plain, 'x', LONGEST);
    memset(quotes, '"', LONGEST); /* each quote is doubled: libcsv's worst case */
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        size_t size = sizes[i];
        const union row_cell cells[] = {text(plain, size), text(quotes, size)};
        struct fixture f;
        open_writer(&f, COLUMNS(two_texts), false);
        assert_more(&f, TEXT("a,b\r\n"));
        put_row(&f, cells);
        memset(expected, 'x', size);
        expected[size] = ',';
        memset(expected + size + 1, '"', 2 * size + 2);
        expected[3 * size + 3] = '\r';
        expected[3 * size + 4] = '\n';
        assert_more(&f, expected, 3 * size + 5);
        close_writer(&f);
    }
}

static void a_giant_cell(void **state)
{
    (void)state;
    size_t size = (size_t)16 * 1024 * 1024 + 1;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, ',', size);
    const union row_cell cell = text(bytes, size);
    struct fixture f;
    open_writer(&f, COLUMNS(one_text), false);
    assert_false(row_writer_put(f.writer, &cell, &f.error));
    assert_int_equal(f.error.code, ERROR_TOO_LARGE);
    bytes[0] = '\xff';
    assert_false(row_writer_put(f.writer, &cell, &f.error));
    assert_int_equal(f.error.code, ERROR_TOO_LARGE);
    close_writer(&f);
    free(bytes);
}

static void the_header_fails(void **state)
{
    (void)state;
    struct error error;
    struct row_writer *writer = NULL;
    struct sink *sink = sink_to_temporary("/tmp", 4, &error);
    assert_non_null(sink);
    const struct row_output output = {.format = &csv_format, .sink = sink};
    assert_false(row_writer_open(&output, COLUMNS(two_texts), &writer, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_null(writer);
    sink_free(sink);
}

static void what_the_table_says(void **state)
{
    (void)state;
    assert_ptr_equal(row_format_find("csv"), &csv_format);
    assert_ptr_equal(row_format_default(), &csv_format);
    assert_null(row_format_find("CSV"));
    assert_null(row_format_find(""));
    assert_string_equal(csv_format.extension, ".csv");
    assert_string_equal(csv_format.file_type, "export.csv");
    assert_string_equal(csv_format.content_type, "text/csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(rows_of_one_cell),
        cmocka_unit_test(rows_of_no_cells),
        cmocka_unit_test(quotes_only_where_needed),
        cmocka_unit_test(text_is_made_utf8),
        cmocka_unit_test(formulas_are_guarded),
        cmocka_unit_test(formulas_behind_blanks_are_guarded),
        cmocka_unit_test(wide_formulas_are_guarded),
        cmocka_unit_test(only_texts_are_guarded),
        cmocka_unit_test(times_that_cannot_be_printed),
        cmocka_unit_test(long_cells),
        cmocka_unit_test(a_giant_cell),
        cmocka_unit_test(the_header_fails),
        cmocka_unit_test(what_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
