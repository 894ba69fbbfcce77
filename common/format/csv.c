/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each cell goes straight to the sink. Only a cell with special characters takes a detour through
 * one or both of the writer's buffers: it is cleaned, guarded against formulas, or quoted there.
 */
#include "format/csv.h"

#include "base/buffer.h"
#include "wire/clean_text.h"

#include <csv.h>

enum { CELL_MAX_BYTES = 16 * 1024 * 1024 };

/* Blanks that a spreadsheet ignores, and the full-width signs of East Asian keyboards. */
#define NO_BREAK_SPACE    "\xc2\xa0"
#define ZERO_WIDTH_SPACE  "\xe2\x80\x8b"
#define IDEOGRAPHIC_SPACE "\xe3\x80\x80"
#define BYTE_ORDER_MARK   "\xef\xbb\xbf"
#define WIDE_PLUS         "\xef\xbc\x8b"
#define WIDE_MINUS        "\xef\xbc\x8d"
#define WIDE_EQUALS       "\xef\xbc\x9d"
#define WIDE_AT           "\xef\xbc\xa0"

struct csv_writer {
    struct row_writer base;
    bool formula_guard;
    struct buffer clean;  /* a cell, cleaned, after a ' */
    struct buffer quoted; /* a cell in quotes */
};

static struct row_writer *open_writer(const struct row_options *options)
{
    struct csv_writer *writer = memory_alloc(sizeof(*writer));
    if (writer == NULL)
        return NULL;
    writer->formula_guard = options->formula_guard;
    buffer_init(&writer->clean, CELL_MAX_BYTES);
    buffer_init(&writer->quoted, 2 * (size_t)CELL_MAX_BYTES + 2);
    return &writer->base;
}

static void free_writer(struct row_writer *base)
{
    struct csv_writer *writer = (struct csv_writer *)base;
    buffer_free(&writer->clean);
    buffer_free(&writer->quoted);
    free(writer);
}

/* ---- text ---- */

/* libcsv quotes every field that it gets, and writes no delimiters. If the buffer is too small, it
   cuts the field without an error. So the buffer has room for the worst case: a cell of quotes. */
static bool put_quoted(struct csv_writer *writer, const char *text, size_t size,
                       struct error *error)
{
    struct buffer *quoted = &writer->quoted;
    buffer_clear(quoted);
    if (size > CELL_MAX_BYTES)
        return error_set(error, ERROR_TOO_LARGE, "a cell of more than %d bytes", CELL_MAX_BYTES);
    if (!buffer_reserve(quoted, 2 * size + 2, error))
        return false;
    size_t needed = csv_write(quoted->data, quoted->capacity, text, size);
    return sink_write(writer->base.sink, quoted->data, needed, error);
}

/* Whether the text begins with one of `starts`. *length is then the length of that one. */
static bool begins_with(const char *text, size_t size, const char *const starts[], size_t *length)
{
    for (size_t i = 0; starts[i] != NULL; i++) {
        *length = strlen(starts[i]);
        if (*length <= size && memcmp(text, starts[i], *length) == 0)
            return true;
    }
    return false;
}

static bool begins_formula(const char *text, size_t size)
{
    static const char *const blanks[] = {
        " ", NO_BREAK_SPACE, ZERO_WIDTH_SPACE, IDEOGRAPHIC_SPACE, BYTE_ORDER_MARK, NULL};
    static const char *const signs[] = {"=",  "+",         "-",       "@",        "\t",    "\r",
                                        "\n", WIDE_EQUALS, WIDE_PLUS, WIDE_MINUS, WIDE_AT, NULL};
    size_t length = 0;
    while (begins_with(text, size, blanks, &length)) {
        text += length;
        size -= length;
    }
    return begins_with(text, size, signs, &length);
}

/* Cleans a cell, and puts a ' before it if it looks like a formula. */
static bool rewrite_cell(struct csv_writer *writer, const char **text, size_t *size,
                         struct error *error)
{
    struct buffer *clean = &writer->clean;
    buffer_clear(clean);
    if (!buffer_append_byte(clean, '\'', error) || !clean_text(*text, *size, clean, error))
        return false;
    bool guard = writer->formula_guard && begins_formula(clean->data + 1, clean->size - 1);
    *text = guard ? clean->data : clean->data + 1;
    *size = guard ? clean->size : clean->size - 1;
    return true;
}

/* One pass over the bytes finds out whether a cell is plain ASCII without special characters, as
   most are. */
static bool put_text(struct csv_writer *writer, const char *text, size_t size, struct error *error)
{
    bool special = false;
    bool odd = false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        special |= c == ',' || c == '"' || c == '\r' || c == '\n';
        odd |= c == 0 || c >= 0x80;
    }
    bool guard = writer->formula_guard && begins_formula(text, size);
    bool dirty = odd && !clean_text_is_clean(text, size);
    if ((guard || dirty) && !rewrite_cell(writer, &text, &size, error))
        return false;
    return special ? put_quoted(writer, text, size, error)
                   : sink_write(writer->base.sink, text, size, error);
}

/* ---- rows ---- */

/* Converts by hand, because printf would take a fifth of the computing time of an export of a
   million values. */
static bool put_integer(struct csv_writer *writer, int64_t number, struct error *error)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        digits[--at] = '-';
    return sink_write(writer->base.sink, digits + at, sizeof(digits) - at, error);
}

static bool put_time(struct csv_writer *writer, int64_t usec, struct error *error)
{
    char text[CLOCK_TEXT_MAX];
    if (usec == USEC_NONE)
        return true;
    if (usec < USEC_FIRST || usec > USEC_LAST)
        return error_set(error, ERROR_INVALID, "a time outside the years 0001 to 9999");
    clock_format_iso(usec, text);
    return sink_write(writer->base.sink, text, strlen(text), error);
}

static bool put_cell(struct csv_writer *writer, enum row_column_type type,
                     const union row_cell *cell, struct error *error)
{
    switch (type) {
    case ROW_INTEGER:
        return put_integer(writer, cell->integer, error);
    case ROW_TIME:
        return put_time(writer, cell->time, error);
    default:
        return cell->text.bytes == NULL ||
               put_text(writer, cell->text.bytes, cell->text.size, error);
    }
}

/* Ends a row that began at `start` bytes. As in Python, a row of one empty cell is written as "",
   because an empty line would be a row without cells. */
static bool end_row(struct csv_writer *writer, int64_t start, struct error *error)
{
    struct sink *sink = writer->base.sink;
    bool lone = writer->base.columns.count == 1 && sink_bytes(sink) == start;
    return (!lone || sink_write(sink, "\"\"", 2, error)) && sink_write(sink, "\r\n", 2, error);
}

static bool write_row(struct row_writer *base, const union row_cell *cells, struct error *error)
{
    struct csv_writer *writer = (struct csv_writer *)base;
    int64_t start = sink_bytes(base->sink);
    for (size_t i = 0; i < base->columns.count; i++)
        if ((i > 0 && !sink_write(base->sink, ",", 1, error)) ||
            !put_cell(writer, base->columns.items[i].type, &cells[i], error))
            return false;
    return end_row(writer, start, error);
}

static bool write_header(struct row_writer *base, struct error *error)
{
    struct csv_writer *writer = (struct csv_writer *)base;
    int64_t start = sink_bytes(base->sink);
    for (size_t i = 0; i < base->columns.count; i++) {
        const char *name = base->columns.items[i].name;
        if ((i > 0 && !sink_write(base->sink, ",", 1, error)) ||
            !put_text(writer, name, strlen(name), error))
            return false;
    }
    return end_row(writer, start, error);
}

const struct row_format csv_format = {
    .name = "csv",
    .extension = ".csv",
    .file_type = "export.csv",
    .content_type = "text/csv",
    .open = open_writer,
    .begin = write_header,
    .row = write_row,
    .free = free_writer,
};
