/* SPDX-License-Identifier: Apache-2.0 */
#include "event/input.h"

#include <errno.h>
#include <zlib.h>

enum { RAW_BYTES = 64 * 1024, GZIP_WINDOW = 15 + 16 /* with a gzip header */ };

enum input_kind { KIND_UNKNOWN, KIND_PLAIN, KIND_GZIP };

struct input {
    FILE *file;
    enum input_kind kind;
    z_stream stream;
    bool in_member; /* a gzip file is a sequence of members, each with its own header */
    bool at_end;    /* of the file */
    const unsigned char *next;
    size_t left; /* bytes of `raw` from `next` on that are not used yet */
    unsigned char raw[RAW_BYTES];
};

struct input *input_new(FILE *file)
{
    struct input *input = memory_zeroed(1, sizeof(*input));
    if (input != NULL)
        input->file = file;
    return input;
}

void input_free(struct input *input)
{
    if (input == NULL)
        return;
    if (input->kind == KIND_GZIP)
        (void)inflateEnd(&input->stream);
    free(input);
}

/* Reads more of the file when `raw` is used up. */
static bool fill_raw(struct input *input, struct error *error)
{
    if (input->left > 0 || input->at_end)
        return true;
    errno = 0;
    input->next = input->raw;
    input->left = fread(input->raw, 1, sizeof(input->raw), input->file);
    input->at_end = input->left == 0;
    return ferror(input->file) == 0 || error_set_errno(error, errno, "the input cannot be read");
}

static bool find_kind(struct input *input, struct error *error)
{
    if (!fill_raw(input, error))
        return false;
    input->kind = KIND_PLAIN;
    if (input->left < 2 || input->next[0] != 0x1f || input->next[1] != 0x8b)
        return true;
    if (inflateInit2(&input->stream, GZIP_WINDOW) != Z_OK)
        return error_no_memory(error);
    input->kind = KIND_GZIP;
    input->in_member = true;
    return true;
}

static bool read_plain(struct input *input, char *bytes, size_t size, size_t *got,
                       struct error *error)
{
    if (!fill_raw(input, error))
        return false;
    *got = input->left < size ? input->left : size;
    memcpy(bytes, input->next, *got);
    input->next += *got;
    input->left -= *got;
    return true;
}

/* Goes to the next member. Zeros between members and at the end of the file are padding. */
static bool start_member(struct input *input, struct error *error)
{
    while (input->left > 0 && *input->next == 0) {
        input->next++;
        input->left--;
    }
    if (input->left == 0)
        return true;
    if (*input->next != 0x1f)
        return error_set(error, ERROR_INVALID, "there is something else behind the gzip data");
    input->in_member = true;
    return inflateReset(&input->stream) == Z_OK || error_set(error, ERROR_INTERNAL, "zlib failed");
}

/* Uncompresses some of `raw`; *got may be 0. */
static bool inflate_some(struct input *input, char *bytes, size_t size, size_t *got,
                         struct error *error)
{
    z_stream *stream = &input->stream;
    unsigned room = size < RAW_BYTES ? (unsigned)size : RAW_BYTES;
    stream->next_in = (unsigned char *)(uintptr_t)input->next; /* zlib does not write there */
    stream->avail_in = (unsigned)input->left;
    stream->next_out = (unsigned char *)bytes;
    stream->avail_out = room;
    int result = inflate(stream, Z_NO_FLUSH);
    input->next = stream->next_in;
    input->left = stream->avail_in;
    *got = room - stream->avail_out;
    input->in_member = result != Z_STREAM_END;
    if (result == Z_MEM_ERROR)
        return error_no_memory(error);
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ||
           error_set(error, ERROR_INVALID, "the gzip data is corrupt");
}

static bool read_gzip(struct input *input, char *bytes, size_t size, size_t *got,
                      struct error *error)
{
    for (;;) {
        if (!fill_raw(input, error) || (!input->in_member && !start_member(input, error)))
            return false;
        if (!input->in_member && input->at_end)
            return true;
        if (!input->in_member)
            continue;
        if (!inflate_some(input, bytes, size, got, error))
            return false;
        if (*got > 0)
            return true;
        if (input->in_member && input->at_end)
            return error_set(error, ERROR_INVALID, "the gzip data ends too early");
    }
}

bool input_read(struct input *input, char *bytes, size_t size, size_t *got, struct error *error)
{
    *got = 0;
    if (input->kind == KIND_UNKNOWN && !find_kind(input, error))
        return false;
    return input->kind == KIND_GZIP ? read_gzip(input, bytes, size, got, error)
                                    : read_plain(input, bytes, size, got, error);
}
