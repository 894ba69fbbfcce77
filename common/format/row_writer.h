/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row writer turns rows of typed cells into the bytes of a format and writes them to a sink. The
 * formats are in one table (row_writer.c). Each format is a struct row_format in a file of its own.
 * Callers include only this header.
 */
#ifndef FORMAT_ROW_WRITER_H
#define FORMAT_ROW_WRITER_H

#include "base/clock.h"
#include "format/sink.h"

enum row_column_type { ROW_TEXT, ROW_INTEGER, ROW_TIME };

struct row_column {
    const char *name;
    enum row_column_type type;
};

struct row_columns {
    const struct row_column *items;
    size_t count;
};

/* The column's type says which member is used. */
union row_cell {
    struct {
        const char *bytes; /* any bytes, invalid UTF-8 and NUL too; NULL: none */
        size_t size;
    } text;
    int64_t integer;
    int64_t time; /* microseconds since 1970; USEC_NONE: none */
};

struct row_options {
    bool formula_guard; /* CSV: a ' before a text that a spreadsheet would take for a formula */
};

struct row_writer;

struct row_format {
    const char *name;         /* "csv" */
    const char *extension;    /* of a file's name: ".csv" */
    const char *file_type;    /* sentry_file.type: "export.csv" */
    const char *content_type; /* of HTTP: "text/csv" */

    /* The operations of the format, called by row_writer.c only. `open` makes a writer and writes
       nothing; NULL if memory runs out. `begin` writes the bytes before the rows. */
    struct row_writer *(*open)(const struct row_options *options);
    bool (*begin)(struct row_writer *writer, struct error *error);
    bool (*row)(struct row_writer *writer, const union row_cell *cells, struct error *error);
    bool (*finish)(struct row_writer *writer, struct error *error); /* NULL: nothing to write */
    void (*free)(struct row_writer *writer);
};

/* The format with this name; NULL: there is none. */
const struct row_format *row_format_find(const char *name);

/* The format of an export whose request names none. */
const struct row_format *row_format_default(void);

/* The sink for the rows, and their format. */
struct row_output {
    const struct row_format *format;
    struct row_options options;
    struct sink *sink;
};

/* The first member of each format's writer. */
struct row_writer {
    const struct row_format *format;
    struct row_columns columns;
    struct sink *sink;
};

/* Makes a writer and writes the bytes before the rows, such as the names of the columns. The items
   of `columns` and the sink must outlive the writer. Errors, here and below: those of the sink;
   ERROR_TOO_LARGE for a cell over 16 MiB that needs quotes or cleaning; ERROR_INVALID for a time
   outside the years 0001 to 9999. After an error the file is not usable. */
bool row_writer_open(const struct row_output *output, struct row_columns columns,
                     struct row_writer **writer, struct error *error) MUST_CHECK;

/* Writes a row. `cells` has a cell for each column. */
bool row_writer_put(struct row_writer *writer, const union row_cell *cells,
                    struct error *error) MUST_CHECK;

/* Writes the bytes after the rows, and flushes the sink. */
bool row_writer_finish(struct row_writer *writer, struct error *error) MUST_CHECK;

/* Frees the writer, finished or not; NULL is allowed. Does not free the sink. */
void row_writer_free(struct row_writer *writer);

#endif
