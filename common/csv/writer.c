#include "csv/writer.h"

#include "wire/clean_text.h"

#include <csv.h>
#include <errno.h>
#include <unistd.h>

enum { BUFFER_BYTES = 64 * 1024, CELL_MAX_BYTES = 16 * 1024 * 1024 };

struct csv_writer {
    int fd;
    bool formula_guard;
    int64_t bytes, max_bytes;
    int64_t row_start;    /* `bytes` when the row began */
    size_t cells;         /* of the row so far */
    struct buffer clean;  /* a cell that had to be changed */
    struct buffer quoted; /* a cell with its quotes */
    size_t used;          /* of `buffer` */
    char buffer[BUFFER_BYTES];
};

struct csv_writer *csv_writer_new(int fd, int64_t max_bytes, bool formula_guard)
{
    struct csv_writer *writer = memory_alloc(sizeof(*writer));
    if (writer == NULL)
        return NULL;
    writer->fd = fd;
    writer->formula_guard = formula_guard;
    writer->bytes = 0;
    writer->max_bytes = max_bytes;
    writer->row_start = 0;
    writer->cells = 0;
    writer->used = 0;
    buffer_init(&writer->clean, CELL_MAX_BYTES);
    buffer_init(&writer->quoted, 2 * (size_t)CELL_MAX_BYTES + 2);
    return writer;
}

void csv_writer_free(struct csv_writer *writer)
{
    if (writer == NULL)
        return;
    buffer_free(&writer->clean);
    buffer_free(&writer->quoted);
    free(writer);
}

int64_t csv_writer_bytes(const struct csv_writer *writer)
{
    return writer->bytes;
}

/* ---- bytes ---- */

bool csv_writer_flush(struct csv_writer *writer, struct error *error)
{
    size_t done = 0;
    while (done < writer->used) {
        ssize_t written = write(writer->fd, writer->buffer + done, writer->used - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_set_errno(error, written < 0 ? errno : EIO, "cannot write the CSV");
        done += (size_t)written;
    }
    writer->used = 0;
    return true;
}

static bool put(struct csv_writer *writer, const char *bytes, size_t size, struct error *error)
{
    if ((uint64_t)size > (uint64_t)(writer->max_bytes - writer->bytes))
        return error_set(error, ERROR_TOO_LARGE, "more than %" PRId64 " bytes of CSV",
                         writer->max_bytes);
    writer->bytes += (int64_t)size;
    while (size > 0) {
        if (writer->used == BUFFER_BYTES && !csv_writer_flush(writer, error))
            return false;
        size_t room = BUFFER_BYTES - writer->used;
        size_t part = size < room ? size : room;
        memcpy(writer->buffer + writer->used, bytes, part);
        writer->used += part;
        bytes += part;
        size -= part;
    }
    return true;
}

/* ---- cells ---- */

static bool begin_cell(struct csv_writer *writer, struct error *error)
{
    return writer->cells++ == 0 || put(writer, ",", 1, error);
}

/* libcsv's writer quotes every field, writes no delimiters, and cuts silently what does not fit. */
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
    return put(writer, quoted->data, needed, error);
}

static bool begins_formula(const char *text, size_t size)
{
    return size > 0 && text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL;
}

/* Puts into `clean` what a cell becomes that is not clean or looks like a formula. */
static bool rewrite(struct csv_writer *writer, const char **text, size_t *size, struct error *error)
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

/* One pass over the bytes decides the usual case: plain ASCII without anything special. */
bool csv_writer_text(struct csv_writer *writer, const char *text, size_t size, struct error *error)
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
    if ((guard || dirty) && !rewrite(writer, &text, &size, error))
        return false;
    if (!begin_cell(writer, error))
        return false;
    return special ? put_quoted(writer, text, size, error) : put(writer, text, size, error);
}

bool csv_writer_int(struct csv_writer *writer, int64_t number, struct error *error)
{
    char text[24];
    int length = snprintf(text, sizeof(text), "%" PRId64, number);
    return begin_cell(writer, error) && put(writer, text, (size_t)length, error);
}

bool csv_writer_time(struct csv_writer *writer, int64_t usec, struct error *error)
{
    char text[CLOCK_TEXT_MAX];
    if (usec == USEC_NONE)
        return begin_cell(writer, error);
    if (usec < USEC_FIRST || usec > USEC_LAST)
        return error_set(error, ERROR_INVALID, "a time outside the years 0001 to 9999");
    clock_format_iso(usec, text);
    return begin_cell(writer, error) && put(writer, text, strlen(text), error);
}

bool csv_writer_end_row(struct csv_writer *writer, struct error *error)
{
    /* as in Python: a row of one empty cell must not look like a row of none */
    bool lone = writer->cells == 1 && writer->bytes == writer->row_start;
    if ((lone && !put(writer, "\"\"", 2, error)) || !put(writer, "\r\n", 2, error))
        return false;
    writer->cells = 0;
    writer->row_start = writer->bytes;
    return true;
}
