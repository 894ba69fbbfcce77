/* SPDX-License-Identifier: Apache-2.0 */
/* What zlib has compressed. */
#ifndef WIRE_UNZIP_H
#define WIRE_UNZIP_H

#include "base/buffer.h"

/* Appends what `bytes`, one whole stream in zlib's or gzip's format, were before. ERROR_INVALID,
   also for bytes behind the stream; ERROR_TOO_LARGE beyond the buffer's maximum, however small
   the stream is; ERROR_AWAY without memory. */
bool unzip(const char *bytes, size_t size, struct buffer *out, struct error *error) MUST_CHECK;

#endif
