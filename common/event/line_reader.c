/* SPDX-License-Identifier: Apache-2.0 */
#include "event/line_reader.h"

enum { PIECE_BYTES = 64 * 1024 };

void line_reader_init(struct line_reader *reader, FILE *file, size_t maximum)
{
    *reader = (struct line_reader){.file = file, .maximum = maximum};
    buffer_init(&reader->line, maximum);
}

void line_reader_free(struct line_reader *reader)
{
    input_free(reader->input);
    free(reader->bytes);
    buffer_free(&reader->line);
    reader->input = NULL;
    reader->bytes = NULL;
}

static bool open_input(struct line_reader *reader, struct error *error)
{
    if (reader->input == NULL)
        reader->input = input_new(reader->file);
    if (reader->bytes == NULL)
        reader->bytes = memory_alloc(PIECE_BYTES);
    return (reader->input != NULL && reader->bytes != NULL) || error_no_memory(error);
}

/* Adds a piece to the line, unless the line becomes too long. */
static bool add_piece(struct line_reader *reader, const char *piece, size_t size,
                      struct error *error)
{
    if (reader->too_long)
        return true;
    if (size <= reader->maximum - reader->line.size)
        return buffer_append(&reader->line, piece, size, error);
    reader->too_long = true;
    buffer_clear(&reader->line);
    return true;
}

/* Reads up to a line end or the end of the input. *some: at least one byte was read. */
static bool read_line(struct line_reader *reader, bool *some, struct error *error)
{
    const char *line_end = NULL;
    *some = false;
    while (line_end == NULL) {
        if (reader->at == reader->size) {
            reader->at = 0;
            if (!input_read(reader->input, reader->bytes, PIECE_BYTES, &reader->size, error))
                return false;
        }
        if (reader->size == 0)
            return true;
        *some = true;
        const char *start = reader->bytes + reader->at;
        line_end = memchr(start, '\n', reader->size - reader->at);
        size_t size = line_end == NULL ? reader->size - reader->at : (size_t)(line_end - start);
        reader->at += size + (line_end != NULL);
        if (!add_piece(reader, start, size, error))
            return false;
    }
    return true;
}

static bool is_blank(const struct line_reader *reader)
{
    return !reader->too_long &&
           strspn(reader->line.size == 0 ? "" : reader->line.data, " \t\r") == reader->line.size;
}

bool line_reader_next(struct line_reader *reader, bool *end, struct error *error)
{
    bool some = true;
    if (!open_input(reader, error))
        return false;
    do {
        buffer_clear(&reader->line);
        reader->too_long = false;
        if (!read_line(reader, &some, error))
            return false;
        reader->number++;
    } while (some && is_blank(reader));
    *end = !some;
    return true;
}
