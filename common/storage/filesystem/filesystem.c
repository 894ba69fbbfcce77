/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each operation opens the folder of its object (folders.h) and works on the file there by its
 * name. It is done by one system call after the other, with nothing in flight, so puts need no
 * begin.
 */
#include "storage/filesystem/filesystem.h"

#include "base/folder_sync.h"
#include "base/text.h"
#include "storage/filesystem/folders.h"
#include "storage/filesystem/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NEW_FOLDER_SIZE = 7 /* ab/cdef */, PATHS_IN_FOLDER = 1000 };

struct filesystem {
    struct blob_store store; /* first: a struct blob_store * is a struct filesystem * */
    struct folders folders;
    char new_folder[NEW_FOLDER_SIZE]; /* where new paths lead, as "ab/cdef" without a NUL */
    int paths_in_folder;              /* how many new paths led there; 0: choose another folder */
};

static struct folders *folders_of(struct blob_store *store)
{
    return &((struct filesystem *)store)->folders;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t written = pwrite(fd, bytes + done, size - done, (off_t)done);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0)
            done += (size_t)written;
    }
    return true;
}

/* Gives the file this size. A file that has it is left alone, because ftruncate has its price even
   then. */
static bool set_size(int fd, off_t size)
{
    struct stat status;
    return fstat(fd, &status) == 0 && (status.st_size == size || ftruncate(fd, size) == 0);
}

/* Writes file `name` in the place's folder and makes its bytes durable. Here and below, O_NONBLOCK
   is for a FIFO with that name, which would block the thread. */
static bool write_file(const struct folders *folders, const struct place *place, const char *name,
                       const struct blob_put *put)
{
    int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = openat(place->folder, name, flags, folders->file_mode);
    if (fd < 0)
        return false;
    bool good = write_all(fd, put->bytes, put->size) && set_size(fd, (off_t)put->size) &&
                folders_set_mode(fd, folders->file_mode) && fsync(fd) == 0;
    int saved = errno;
    good = close(fd) == 0 && good;
    if (!good)
        errno = saved;
    return good;
}

/* Two writers of one path may share the temporary file. They write the same bytes, because a path
   belongs to one checksum. So write_file uses neither O_EXCL, nor O_TRUNC, which would empty the
   file while the other one writes it. A file that a crash has left is cut to size instead. */
static bool put_in(struct folders *folders, const struct place *place, const struct blob_put *put)
{
    bool is_new = (put->flags & BLOB_PUT_NEW) != 0;
    const char *name = is_new ? place->name : place->temporary;
    bool good = write_file(folders, place, name, put) &&
                (is_new || renameat(place->folder, name, place->folder, place->name) == 0) &&
                place_sync(folders, place);
    int saved = errno;
    if (!good)
        (void)unlinkat(place->folder, name, 0);
    errno = saved;
    return good;
}

/* Begins and finishes a put. */
static bool filesystem_put(struct blob_store *store, struct blob_put *put, struct error *error)
{
    struct folders *folders = folders_of(store);
    struct place place;
    if (!folders_open_place(folders, put->path, true, &place, error))
        return false;
    bool good = put_in(folders, &place, put);
    int saved = errno;
    (void)close(place.folder);
    if (!good && saved == EISDIR)
        return error_set(error, ERROR_INVALID, "a folder is in the place of object %s", put->path);
    return good || error_set_errno(error, saved, "cannot write object %s", put->path);
}

/* Opens the object for reading. *size: its size in bytes. */
static bool open_object(struct blob_store *store, const char *path, int *fd, int64_t *size,
                        struct error *error)
{
    struct place place;
    struct stat status;
    if (!folders_open_place(folders_of(store), path, false, &place, error))
        return false;
    *fd = openat(place.folder, place.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int saved = errno;
    (void)close(place.folder);
    if (*fd < 0 && saved != ELOOP && saved != ENXIO) /* a symbolic link, a socket */
        return error_set_errno(error, saved, "cannot open object %s", path);
    if (*fd < 0)
        return error_set(error, ERROR_INVALID, "object %s is not a regular file", path);
    if (fstat(*fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(*fd);
        return error_set(error, ERROR_INVALID, "object %s is not a regular file", path);
    }
    *size = status.st_size;
    return true;
}

/* Appends up to `size` bytes, for which there is room. */
static bool read_all(int fd, size_t size, struct buffer *out)
{
    size_t end = out->size + size;
    while (out->size < end) {
        ssize_t got = read(fd, out->data + out->size, end - out->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        out->size += (size_t)got;
        out->data[out->size] = '\0';
    }
    return true;
}

static bool filesystem_get(struct blob_store *store, const char *path, struct buffer *out,
                           struct error *error)
{
    int fd = -1;
    int64_t size = 0;
    if (!open_object(store, path, &fd, &size, error))
        return false;
    bool good = buffer_reserve(out, (size_t)size, error);
    if (good && !read_all(fd, (size_t)size, out))
        good = error_set_errno(error, errno, "cannot read object %s", path);
    (void)close(fd);
    return good;
}

static bool filesystem_size(struct blob_store *store, const char *path, int64_t *size,
                            struct error *error)
{
    int fd = -1;
    if (!open_object(store, path, &fd, size, error))
        return false;
    (void)close(fd);
    return true;
}

/* Also removes the temporary file that a crash may have left. Syncs the folder: soon the journal
   will not name the object any more, and then it must not come back after a power cut. */
static bool filesystem_remove(struct blob_store *store, const char *path, struct error *error)
{
    struct place place;
    if (!folders_open_place(folders_of(store), path, false, &place, error))
        return false;
    (void)unlinkat(place.folder, place.temporary, 0);
    int failure = unlinkat(place.folder, place.name, 0) == 0 ? 0 : errno;
    if (!folder_sync(place.folder, NULL) && failure == 0)
        failure = errno;
    (void)close(place.folder);
    return failure == 0 || error_set_errno(error, failure, "cannot remove object %s", path);
}

static bool probe_root(struct blob_store *store, struct error *error)
{
    return filesystem_probe(folders_of(store), error);
}

static bool make_root(struct blob_store *store, struct error *error)
{
    int root = -1;
    if (!folders_open_root(folders_of(store), true, &root, error))
        return false;
    (void)close(root);
    return true;
}

static bool check_root(struct blob_store *store, const struct blob_paths *known,
                       const struct blob_warnings *warnings, struct error *error)
{
    return filesystem_check(folders_of(store), known, warnings, error);
}

/* Takes the folder of the path before, and another one after a thousand paths. */
static void filesystem_new_path(struct blob_store *store, char path[BLOB_NEW_PATH_SIZE])
{
    struct filesystem *filesystem = (struct filesystem *)store;
    blob_store_random_path(path);
    if (filesystem->paths_in_folder == 0)
        memcpy(filesystem->new_folder, path, NEW_FOLDER_SIZE);
    else
        memcpy(path, filesystem->new_folder, NEW_FOLDER_SIZE);
    filesystem->paths_in_folder = (filesystem->paths_in_folder + 1) % PATHS_IN_FOLDER;
}

static void filesystem_free(struct blob_store *store)
{
    free(folders_of(store)->root);
    free(store);
}

static const struct blob_store_operations operations = {
    .put_finish = filesystem_put,
    .get = filesystem_get,
    .size = filesystem_size,
    .remove = filesystem_remove,
    .probe = probe_root,
    .make = make_root,
    .check = check_root,
    .new_path = filesystem_new_path,
    .free = filesystem_free,
};

struct blob_store *filesystem_store_new(const char *root, mode_t mode)
{
    struct filesystem *filesystem = memory_zeroed(1, sizeof(*filesystem));
    if (filesystem == NULL)
        return NULL;
    filesystem->store.operations = &operations;
    filesystem->folders = (struct folders){
        .root = text_duplicate(root),
        .file_mode = mode,
        .folder_mode = mode | ((mode & 0444) >> 2), /* all who may read may also enter */
    };
    if (filesystem->folders.root == NULL) {
        free(filesystem);
        return NULL;
    }
    return &filesystem->store;
}
