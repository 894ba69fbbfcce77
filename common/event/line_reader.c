#include "event/line_reader.h"

#include <errno.h>

void line_reader_init(struct line_reader *reader, FILE *input, size_t maximum)
{
    *reader = (struct line_reader){.input = input, .maximum = maximum};
    buffer_init(&reader->line, maximum);
}

void line_reader_free(struct line_reader *reader)
{
    buffer_free(&reader->line);
}

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

/* Reads up to a line end or the end of the input. *some: there was at least one byte. */
static bool read_line(struct line_reader *reader, bool *some, struct error *error)
{
    char piece[4096];
    int c = 0;
    *some = false;
    while (c != '\n' && c != EOF) {
        size_t size = 0;
        while (size < sizeof(piece) && (c = getc_unlocked(reader->input)) != EOF && c != '\n')
            piece[size++] = (char)c;
        *some |= size > 0 || c == '\n';
        if (!add_piece(reader, piece, size, error))
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
    do {
        buffer_clear(&reader->line);
        reader->too_long = false;
        errno = 0;
        if (!read_line(reader, &some, error))
            return false;
        if (ferror(reader->input))
            return error_set_errno(error, errno, "the input cannot be read");
        reader->number++;
    } while (some && is_blank(reader));
    *end = !some;
    return true;
}
