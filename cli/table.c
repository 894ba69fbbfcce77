/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_status.py and tests/system/test_groups.py. */
#include "cli/table.h"

#include "base/text.h"

enum { CELL_MAX = 32, ISO_TIME_SIZE = 27 };

/* The text of a cell: that of the object, or `cell` filled. */
static const char *format_cell(const struct table_column *column, const json_t *row,
                               char cell[CELL_MAX])
{
    const json_t *value = json_object_get(row, column->member);
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        (void)snprintf(cell, CELL_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return cell;
    }
    if (text == NULL)
        return "-";
    if (column->cell != TABLE_TIME || strlen(text) != ISO_TIME_SIZE)
        return text;
    /* "2020-03-25T16:12:18.123456Z" becomes "2020-03-25 16:12:18". */
    (void)snprintf(cell, CELL_MAX, "%.10s %.8s", text, text + 11);
    return cell;
}

static void print_cell(const struct table_column *column, const char *text, size_t width)
{
    size_t used = text_width(text);
    int gap = used < width ? (int)(width - used) : 0;
    if (column->cell == TABLE_NUMBER)
        (void)printf("%*s", gap, "");
    text_print(stdout, text);
    if (column->cell != TABLE_NUMBER)
        (void)printf("%*s", gap, "");
    (void)fputs("  ", stdout);
}

static size_t measure_column(const json_t *rows, const struct table_column *column)
{
    char cell[CELL_MAX];
    size_t widest = text_width(column->title);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        size_t width = text_width(format_cell(column, json_array_get(rows, i), cell));
        widest = width > widest ? width : widest;
    }
    return widest;
}

void table_print(const json_t *rows, const struct table_column *columns, size_t count)
{
    size_t widths[TABLE_COLUMNS_MAX];
    char cell[CELL_MAX];
    size_t last = count - 1;
    for (size_t c = 0; c < last; c++) {
        widths[c] = measure_column(rows, &columns[c]);
        print_cell(&columns[c], columns[c].title, widths[c]);
    }
    (void)printf("%s\n", columns[last].title);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        for (size_t c = 0; c < last; c++)
            print_cell(&columns[c], format_cell(&columns[c], row, cell), widths[c]);
        text_print(stdout, format_cell(&columns[last], row, cell));
        (void)putchar('\n');
    }
}
