/* SPDX-License-Identifier: Apache-2.0 */
/* Decompresses data of zlib. */
#ifndef WIRE_UNZIP_H
#define WIRE_UNZIP_H

#include "base/buffer.h"

/* Decompresses `bytes`, one whole stream in zlib's or gzip's format, and appends the result.
   ERROR_INVALID for broken data, and for bytes after the stream. ERROR_TOO_LARGE if the result
   exceeds the buffer's maximum. ERROR_AWAY without memory. */
bool unzip(const char *bytes, size_t size, struct buffer *out, struct error *error) MUST_CHECK;

#endif
