/* The CSV writer: cells are separated by 0x01, rows by 0x02; libcsv, which is strict here, finds
   the same cells in the file, made clean. */
#include "csv/writer.h"

#include "fuzz.h"
#include "wire/clean_text.h"

#include <csv.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CELL = 1, ROW = 2 };

/* What the reader has still to find: the cells, in order, each with its end. */
struct expected {
    struct buffer bytes; /* "<clean text>\0" each, ROW and NUL at a row's end */
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

static void write_cell(struct csv_writer *writer, const uint8_t *bytes, size_t size,
                       struct expected *expected)
{
    struct error error;
    CHECK(csv_writer_text(writer, (const char *)bytes, size, &error));
    CHECK(clean_text((const char *)bytes, size, &expected->bytes, &error));
    CHECK(buffer_append_byte(&expected->bytes, '\0', &error));
}

static void end_row(struct csv_writer *writer, struct expected *expected)
{
    struct error error;
    CHECK(csv_writer_end_row(writer, &error));
    CHECK(buffer_append(&expected->bytes, "\2", 2, &error));
}

/* One row is always ended; an empty row of one empty cell is written as "". */
static void write_all(int file, const uint8_t *bytes, size_t size, struct expected *expected)
{
    struct error error;
    struct csv_writer *writer = csv_writer_new(file, INT32_MAX, false);
    CHECK(writer != NULL);
    size_t start = 0;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && bytes[i] != CELL && bytes[i] != ROW)
            continue;
        write_cell(writer, bytes + start, i - start, expected);
        start = i + 1;
        if (i == size || bytes[i] == ROW)
            end_row(writer, expected);
    }
    CHECK(csv_writer_flush(writer, &error));
    CHECK(csv_writer_bytes(writer) == lseek(file, 0, SEEK_CUR));
    csv_writer_free(writer);
}

/* libcsv would drop spaces and tabs around a cell. */
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
    struct expected expected = {.at = 0};
    int file = memfd_create("csv", MFD_CLOEXEC);
    CHECK(file >= 0);
    buffer_init(&expected.bytes, 4 * size + 100);
    write_all(file, bytes, size, &expected);
    read_all(file, &expected);
    CHECK(expected.at == expected.bytes.size);
    buffer_free(&expected.bytes);
    (void)close(file);
    return 0;
}
