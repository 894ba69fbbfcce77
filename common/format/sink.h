/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink takes the bytes of an export. It buffers them, counts them, limits their number, and
 * writes them to its descriptor. It keeps no digest: the file is read again anyway when it is
 * stored in blobs, each with a digest of its own.
 */
#ifndef FORMAT_SINK_H
#define FORMAT_SINK_H

#include "base/error.h"

struct sink;

/* A sink over a temporary file without a name, which the sink owns. The file is in memory while it
   is small, else in `folder`, a text that must outlive the sink. NULL: the error is that of
   temporary_open_small, or memory has run out. */
struct sink *sink_to_temporary(const char *folder, int64_t max_bytes,
                               struct error *error) MUST_CHECK;

/* A sink over a descriptor that the caller owns, such as standard output. The sink never closes it.
   NULL if memory runs out. */
struct sink *sink_to_descriptor(int fd, int64_t max_bytes) MUST_CHECK;

/* Frees the sink, and closes a temporary file. Bytes that were not flushed are lost. NULL is
   allowed. */
void sink_free(struct sink *sink);

/* Takes `size` bytes. ERROR_TOO_LARGE, and none of them is taken, if the total would exceed
   `max_bytes`; ERROR_AWAY if the disk is full. After an error the file is not usable. */
bool sink_write(struct sink *sink, const void *bytes, size_t size, struct error *error) MUST_CHECK;

/* Writes the bytes in the buffer to the descriptor. */
bool sink_flush(struct sink *sink, struct error *error) MUST_CHECK;

/* The number of bytes so far, including those in the buffer. */
int64_t sink_bytes(const struct sink *sink);

/* The descriptor. After sink_flush it can be used to read a temporary file (pread) until the sink
   is freed. */
int sink_descriptor(const struct sink *sink);

#endif
