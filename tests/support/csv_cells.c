/* SPDX-License-Identifier: Apache-2.0 */
/* Reads rows of cells from standard input and writes them as CSV to standard output, to compare
them with Python's csv module. A cell is "<size>:" and its bytes; ";" ends a row. */
#include "base/text.h"
#include "format/csv.h"

#include <sys/sendfile.h>
#include <unistd.h>

enum { CELL_MAX = 1024 * 1024, COLUMNS_MAX = 8 };

static const struct row_column columns[COLUMNS_MAX] = {
    {"", ROW_TEXT}, {"", ROW_TEXT}, {"", ROW_TEXT}, {"", ROW_TEXT},
    {"", ROW_TEXT}, {"", ROW_TEXT}, {"", ROW_TEXT}, {"", ROW_TEXT}};

/* The row that is being read. */
static union row_cell cells[COLUMNS_MAX];
static size_t cell_count;

/* Reads "<size>:". */
static bool read_size(size_t *size)
{
    char digits[8];
    size_t count = 0;
    int64_t number = 0;
    for (int c = getchar(); c != ':'; c = getchar()) {
        if (c == EOF || count + 1 == sizeof(digits))
            return false;
        digits[count++] = (char)c;
    }
    digits[count] = '\0';
    bool done = text_to_int64(digits, 0, CELL_MAX, &number);
    *size = (size_t)number;
    return done;
}

static bool read_cell(struct error *error)
{
    size_t size = 0;
    if (cell_count == COLUMNS_MAX || !read_size(&size))
        return error_set(error, ERROR_USAGE, "not a cell");
    char *text = malloc(size + 1);
    cells[cell_count++] = (union row_cell){.text = {.bytes = text, .size = size}};
    return (text != NULL && fread(text, 1, size, stdin) == size) ||
           error_set(error, ERROR_USAGE, "a cell is cut");
}

/* The first row sets the number of columns. *header becomes the size of the CSV's header. */
static bool write_row(const struct row_output *output, struct row_writer **writer, off_t *header,
                      struct error *error)
{
    if (*writer == NULL) {
        const struct row_columns few = {columns, cell_count};
        if (!row_writer_open(output, few, writer, error))
            return false;
        *header = sink_bytes(output->sink);
    }
    bool done = cell_count == (*writer)->columns.count
                    ? row_writer_put(*writer, cells, error)
                    : error_set(error, ERROR_USAGE, "rows of different widths");
    while (cell_count > 0)
        free((char *)cells[--cell_count].text.bytes);
    return done;
}

static bool write_all(const struct row_output *output, off_t *header, struct error *error)
{
    struct row_writer *writer = NULL;
    bool done = true;
    for (int c = getchar(); done && c != EOF; c = getchar()) {
        if (c != ';')
            (void)ungetc(c, stdin);
        done = c == ';' ? write_row(output, &writer, header, error) : read_cell(error);
    }
    done = done && (writer == NULL || row_writer_finish(writer, error));
    row_writer_free(writer);
    return done;
}

/* Python writes no header in this comparison, so ours is left out. */
int main(void)
{
    struct error error;
    off_t at = 0;
    const struct row_output output = {.format = &csv_format,
                                      .sink = sink_to_temporary("/tmp", INT32_MAX, &error)};
    bool done = output.sink != NULL && write_all(&output, &at, &error);
    if (!done)
        (void)fprintf(stderr, "csv_cells: %s\n", error.message);
    while (done && at < sink_bytes(output.sink))
        done = sendfile(STDOUT_FILENO, sink_descriptor(output.sink), &at,
                        (size_t)(sink_bytes(output.sink) - at)) > 0;
    sink_free(output.sink);
    return done ? 0 : 1;
}
