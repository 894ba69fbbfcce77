/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/getfile.h"

#include "base/arena.h"
#include "model/file.h"

#include <errno.h>
#include <unistd.h>

/* exportd's own blobs have 1 MiB; those of another program may be larger. */
enum { READ_MAX = 32 * 1024 * 1024, ARENA_MAX = 16 * 1024 * 1024 };

struct getting {
    struct blob_store *store;
    int fd;
    struct buffer bytes; /* the blob in hand */
    struct sha1 *whole;
    int64_t size;
};

static bool write_all(int fd, const char *bytes, size_t size, struct error *error)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno != EINTR)
            return error_set_errno(error, errno, "cannot write the file");
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return true;
}

static bool get_blob(struct getting *getting, const struct file_blob *blob, struct error *error)
{
    char checksum[SHA1_HEX_SIZE];
    struct buffer *bytes = &getting->bytes;
    buffer_clear(bytes);
    if (!blob_store_get(getting->store, blob->path, bytes, error))
        return error_prefix(error, "blob %" PRId64, blob->id);
    sha1_hex(bytes->data, bytes->size, checksum);
    if ((int64_t)bytes->size != blob->size || memcmp(checksum, blob->checksum, SHA1_HEX_SIZE) != 0)
        return error_set(error, ERROR_INVALID,
                         "blob %" PRId64 ": the object's bytes are not those that were stored",
                         blob->id);
    sha1_update(getting->whole, bytes->data, bytes->size);
    getting->size += blob->size;
    return write_all(getting->fd, bytes->data, bytes->size, error);
}

static bool check_whole(const struct getting *getting, const struct stored_file *file,
                        struct error *error)
{
    char checksum[SHA1_HEX_SIZE];
    sha1_finish(getting->whole, checksum);
    if (getting->size != file->size)
        return error_set(error, ERROR_INVALID,
                         "the blobs have %" PRId64 " bytes, the file should have %" PRId64,
                         getting->size, file->size);
    if (memcmp(checksum, file->checksum, SHA1_HEX_SIZE) != 0)
        return error_set(error, ERROR_INVALID, "the SHA-1 of the whole file is wrong");
    return true;
}

bool getfile(struct pg *pg, struct blob_store *store, const struct stored_file *file, int fd,
             struct error *error)
{
    struct getting getting = {.store = store, .fd = fd, .whole = sha1_new()};
    struct arena *arena = arena_new(ARENA_MAX);
    struct file_blobs blobs = {.count = 0};
    buffer_init(&getting.bytes, READ_MAX);
    bool good = (getting.whole != NULL && arena != NULL) || error_no_memory(error);
    good = good && file_blobs_load(pg, file->id, arena, &blobs, error);
    for (size_t i = 0; good && i < blobs.count; i++)
        good = get_blob(&getting, &blobs.items[i], error);
    good = good && check_whole(&getting, file, error);
    buffer_free(&getting.bytes);
    arena_free(arena);
    sha1_free(getting.whole);
    return good;
}
