/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/unzip.h"

#define ZLIB_CONST /* allows const input */
#include <limits.h>
#include <zlib.h>

/* For inflateInit2: the largest window, and 32 to detect the format by the first bytes. */
enum { WINDOW_BITS = 15 + 32 };

static bool fail_broken(struct error *error)
{
    return error_set(error, ERROR_INVALID, "broken compressed data");
}

/* Decompresses the next bytes; *ended: they were the last. */
static bool read_some(z_stream *stream, struct buffer *out, bool *ended, struct error *error)
{
    unsigned char chunk[16 * 1024];
    stream->next_out = chunk;
    stream->avail_out = sizeof(chunk);
    int result = inflate(stream, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR)
        return error_set(error, ERROR_AWAY, "no memory to decompress");
    if (result != Z_OK &&
        result != Z_STREAM_END) /* such as Z_BUF_ERROR: the stream ends too early */
        return fail_broken(error);
    *ended = result == Z_STREAM_END;
    return buffer_append(out, chunk, sizeof(chunk) - stream->avail_out, error);
}

bool unzip(const char *bytes, size_t size, struct buffer *out, struct error *error)
{
    z_stream stream = {.next_in = (const unsigned char *)bytes, .avail_in = (unsigned)size};
    bool ended = false, done = true;
    if (size > UINT_MAX)
        return error_set(error, ERROR_TOO_LARGE, "more than %u bytes", UINT_MAX);
    if (inflateInit2(&stream, WINDOW_BITS) != Z_OK)
        return error_set(error, ERROR_AWAY, "no memory to decompress");
    while (done && !ended)
        done = read_some(&stream, out, &ended, error);
    if (done && stream.avail_in > 0)
        done = fail_broken(error);
    (void)inflateEnd(&stream);
    return done;
}
