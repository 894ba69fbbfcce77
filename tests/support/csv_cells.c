/* Reads rows of cells from standard input and writes them as CSV to standard output, for comparison
   with Python's csv module. A cell is "<bytes>:" and that many bytes; ";" ends a row. */
#include "base/text.h"
#include "csv/writer.h"

#include <unistd.h>

enum { CELL_MAX = 1024 * 1024 };

/* "<bytes>:" */
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

static bool write_cell(struct csv_writer *writer, struct error *error)
{
    size_t size = 0;
    if (!read_size(&size))
        return error_set(error, ERROR_USAGE, "not a cell");
    char *text = malloc(size + 1);
    bool done = text != NULL && fread(text, 1, size, stdin) == size
                    ? csv_writer_text(writer, text, size, error)
                    : error_set(error, ERROR_USAGE, "a cell is cut");
    free(text);
    return done;
}

static bool write_all(struct csv_writer *writer, struct error *error)
{
    for (int c = getchar(); c != EOF; c = getchar()) {
        if (c == ';') {
            if (!csv_writer_end_row(writer, error))
                return false;
            continue;
        }
        (void)ungetc(c, stdin);
        if (!write_cell(writer, error))
            return false;
    }
    return csv_writer_flush(writer, error);
}

int main(void)
{
    struct error error;
    struct csv_writer *writer = csv_writer_new(STDOUT_FILENO, INT32_MAX, false);
    bool done = writer != NULL && write_all(writer, &error);
    if (!done && writer != NULL)
        (void)fprintf(stderr, "csv_cells: %s\n", error.message);
    csv_writer_free(writer);
    return done ? 0 : 1;
}
