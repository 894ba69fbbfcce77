/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/format/csv_test.c. */
#include "format/row_writer.h"

#include "base/text.h"
#include "format/csv.h"

static const struct row_format *const formats[] = {&csv_format};

const struct row_format *row_format_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++)
        if (text_equal(formats[i]->name, name))
            return formats[i];
    return NULL;
}

const struct row_format *row_format_default(void)
{
    return formats[0];
}

bool row_writer_open(const struct row_output *output, struct row_columns columns,
                     struct row_writer **writer, struct error *error)
{
    struct row_writer *made = output->format->open(&output->options);
    if (made == NULL)
        return error_no_memory(error);
    *made = (struct row_writer){.format = output->format, .columns = columns, .sink = output->sink};
    *writer = made;
    if (made->format->begin(made, error))
        return true;
    row_writer_free(made);
    *writer = NULL;
    return false;
}

bool row_writer_put(struct row_writer *writer, const union row_cell *cells, struct error *error)
{
    return writer->format->row(writer, cells, error);
}

bool row_writer_finish(struct row_writer *writer, struct error *error)
{
    const struct row_format *format = writer->format;
    return (format->finish == NULL || format->finish(writer, error)) &&
           sink_flush(writer->sink, error);
}

void row_writer_free(struct row_writer *writer)
{
    if (writer != NULL)
        writer->format->free(writer);
}
