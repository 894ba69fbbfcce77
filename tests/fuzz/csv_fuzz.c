/* SPDX-License-Identifier: Apache-2.0 */
/* The CSV writer. In the input, 0x01 separates cells, and 0x02 rows. libcsv in strict mode reads
the same cells, cleaned, from the CSV. */
#include "format/csv.h"

#include "fuzz.h"
#include "wire/clean_text.h"

#include <csv.h>
#include <unistd.h>

enum { CELL = 1, ROW = 2, COLUMNS_MAX = 4 };

/* The cells that the reader has not found yet, in order, each with its end. */
struct expected {
    struct buffer bytes; /* per cell "<clean text>\0"; ROW and NUL after a row */
    size_t at;
};

static void found_cell(void *bytes, size_t size, void *data)
{
    struct expected *expected = data;
    const char *cell = expected->bytes.data + expected->at;
    CHECK(strlen(cell) == size && memcmp(cell, bytes, size) == 0);
    expected->at += size + 1;
}

static void found_row(int end, void *data)
{
    (void)end;
    struct expected *expected = data;
    CHECK(expected->bytes.data[expected->at] == ROW);
    expected->at += 2;
}

static void expect_cell(struct expected *expected, const union row_cell *cell)
{
    struct error error;
    CHECK(clean_text(cell->text.bytes, cell->text.size, &expected->bytes, &error));
    CHECK(buffer_append_byte(&expected->bytes, '\0', &error));
}

static void expect_row(struct expected *expected, const union row_cell *cells, size_t count)
{
    struct error error;
    for (size_t i = 0; i < count; i++)
        expect_cell(expected, &cells[i]);
    CHECK(buffer_append(&expected->bytes, "\2", 2, &error));
}

/* Reads the next row, of at most `max` cells; returns how many cells it has. */
static size_t next_row(const char **at, const char *end, union row_cell *cells, size_t max)
{
    size_t count = 0;
    bool ended = false;
    while (!ended && count < max) {
        const char *start = *at;
        while (*at < end && **at != CELL && **at != ROW)
            (*at)++;
        cells[count++] = (union row_cell){.text = {.bytes = start, .size = (size_t)(*at - start)}};
        ended = *at == end || **at == ROW;
        if (*at < end)
            (*at)++;
    }
    return count;
}

/* The first row sets the number of columns. A shorter row is filled up with empty cells. */
static void write_all(struct sink *sink, const char *at, const char *end, struct expected *expected)
{
    static const struct row_column columns[COLUMNS_MAX] = {
        {"a", ROW_TEXT}, {"", ROW_TEXT}, {"c,", ROW_TEXT}, {"d\"", ROW_TEXT}};
    static const union row_cell names[COLUMNS_MAX] = {
        {.text = {"a", 1}}, {.text = {"", 0}}, {.text = {"c,", 2}}, {.text = {"d\"", 2}}};
    struct error error;
    struct row_writer *writer = NULL;
    const struct row_output output = {.format = &csv_format, .sink = sink};
    union row_cell cells[COLUMNS_MAX];
    size_t width = next_row(&at, end, cells, COLUMNS_MAX);
    CHECK(row_writer_open(&output, (struct row_columns){columns, width}, &writer, &error));
    expect_row(expected, names, width);
    for (;;) {
        CHECK(row_writer_put(writer, cells, &error));
        expect_row(expected, cells, width);
        if (at == end)
            break;
        for (size_t count = next_row(&at, end, cells, width); count < width; count++)
            cells[count] = (union row_cell){.text = {.bytes = "", .size = 0}};
    }
    CHECK(row_writer_finish(writer, &error));
    CHECK(sink_bytes(sink) == lseek(sink_descriptor(sink), 0, SEEK_CUR));
    row_writer_free(writer);
}

/* Without this, libcsv would drop spaces and tabs around a cell. */
static int is_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void read_all(int file, struct expected *expected)
{
    struct csv_parser parser;
    off_t size = lseek(file, 0, SEEK_END);
    char *text = malloc((size_t)size + 1);
    CHECK(text != NULL && pread(file, text, (size_t)size, 0) == size);
    CHECK(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0);
    csv_set_space_func(&parser, is_space);
    CHECK(csv_parse(&parser, text, (size_t)size, found_cell, found_row, expected) == (size_t)size);
    CHECK(csv_fini(&parser, found_cell, found_row, expected) == 0);
    csv_free(&parser);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    struct expected expected = {.at = 0};
    const char *text = (const char *)bytes;
    struct sink *sink = sink_to_temporary("/tmp", INT32_MAX, &error);
    CHECK(sink != NULL);
    buffer_init(&expected.bytes, 16 * size + 100);
    write_all(sink, text, text + size, &expected);
    read_all(sink_descriptor(sink), &expected);
    CHECK(expected.at == expected.bytes.size);
    buffer_free(&expected.bytes);
    sink_free(sink);
    return 0;
}
