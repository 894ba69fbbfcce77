/* SPDX-License-Identifier: Apache-2.0 */
#include "format/sink.h"

#include "base/temporary.h"

#include <errno.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 64 * 1024,
    SMALL_BYTES = 1024 * 1024, /* a temporary file up to this size stays in memory */
};

struct sink {
    int fd;
    bool owned;         /* sink_free closes fd */
    bool in_memory;     /* fd is a temporary file in memory */
    const char *folder; /* for a temporary file that becomes too large for memory */
    int64_t bytes, max_bytes;
    size_t used; /* bytes of `buffer` */
    char buffer[BUFFER_BYTES];
};

struct sink *sink_to_descriptor(int fd, int64_t max_bytes)
{
    struct sink *sink = memory_alloc(sizeof(*sink));
    if (sink == NULL)
        return NULL;
    sink->fd = fd;
    sink->owned = false;
    sink->in_memory = false;
    sink->folder = NULL;
    sink->bytes = 0;
    sink->max_bytes = max_bytes;
    sink->used = 0;
    return sink;
}

struct sink *sink_to_temporary(const char *folder, int64_t max_bytes, struct error *error)
{
    struct sink *sink = sink_to_descriptor(-1, max_bytes);
    if (sink == NULL) {
        (void)error_no_memory(error);
        return NULL;
    }
    sink->folder = folder;
    sink->owned = temporary_open_small(folder, &sink->fd, &sink->in_memory, error);
    if (sink->owned)
        return sink;
    sink_free(sink);
    return NULL;
}

void sink_free(struct sink *sink)
{
    if (sink != NULL && sink->owned)
        (void)close(sink->fd);
    free(sink);
}

int64_t sink_bytes(const struct sink *sink)
{
    return sink->bytes;
}

int sink_descriptor(const struct sink *sink)
{
    return sink->fd;
}

/* Moves a temporary file that is no longer small from memory to its folder. */
static bool leave_memory(struct sink *sink, struct error *error)
{
    if (!sink->in_memory || sink->bytes <= SMALL_BYTES)
        return true;
    sink->in_memory = false;
    return temporary_move_to_disk(sink->folder, sink->fd, error);
}

bool sink_flush(struct sink *sink, struct error *error)
{
    size_t done = 0;
    while (done < sink->used) {
        ssize_t written = write(sink->fd, sink->buffer + done, sink->used - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_set_errno(error, written < 0 ? errno : EIO, "cannot write the export");
        done += (size_t)written;
    }
    sink->used = 0;
    return leave_memory(sink, error);
}

bool sink_write(struct sink *sink, const void *bytes, size_t size, struct error *error)
{
    const char *at = bytes;
    if ((uint64_t)size > (uint64_t)(sink->max_bytes - sink->bytes))
        return error_set(error, ERROR_TOO_LARGE, "more than %" PRId64 " bytes", sink->max_bytes);
    sink->bytes += (int64_t)size;
    while (size > 0) {
        if (sink->used == BUFFER_BYTES && !sink_flush(sink, error))
            return false;
        size_t room = BUFFER_BYTES - sink->used;
        size_t part = size < room ? size : room;
        memcpy(sink->buffer + sink->used, at, part);
        sink->used += part;
        at += part;
        size -= part;
    }
    return true;
}
