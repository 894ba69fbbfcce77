/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink takes the bytes of an export: it buffers them, counts them, bounds their number, and
 * writes them to its descriptor. It keeps no digest: a file is stored in chunks with digests of
 * their own, so it is read once more in any case.
 */
#ifndef FORMAT_SINK_H
#define FORMAT_SINK_H

#include "base/error.h"

struct sink;

/* A sink over a temporary file, which is the sink's own: without a name, in memory while it is
   small, else in `folder` (a text that outlives the sink). NULL: `error` is that of
   temporary_open_small, or there is no memory. */
struct sink *sink_to_temporary(const char *folder, int64_t max_bytes,
                               struct error *error) MUST_CHECK;

/* A sink over a descriptor that stays the caller's and is never closed here: standard output, for
   one. NULL without memory. */
struct sink *sink_to_descriptor(int fd, int64_t max_bytes) MUST_CHECK;

/* Frees the sink, and closes a temporary file. What was not flushed is lost. NULL is fine. */
void sink_free(struct sink *sink);

/* Takes `size` bytes. ERROR_TOO_LARGE, and nothing is taken, when there would be more than
   `max_bytes` in all; ERROR_AWAY when the disk is full. After an error the file is of no use. */
bool sink_write(struct sink *sink, const void *bytes, size_t size, struct error *error) MUST_CHECK;

/* Writes out what is still in the buffer. */
bool sink_flush(struct sink *sink, struct error *error) MUST_CHECK;

/* Bytes so far, those in the buffer included. */
int64_t sink_bytes(const struct sink *sink);

/* The descriptor. After sink_flush a temporary file can be read by it (pread) as long as the sink
   lives. */
int sink_descriptor(const struct sink *sink);

#endif
