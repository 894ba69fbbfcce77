#include "storage/filesystem.h"

#include "base/digest.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name within a folder, with room for the end of a temporary name: longer ones fail in open(). */
enum { NAME_SIZE = 264, ROOT_SIZE = 4096, FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

struct filesystem {
    struct blob_store store; /* first: a struct blob_store * is a struct filesystem * */
    char *root;
    /* The folder that was last synced up to the root (inode 0: none), so that the next object in
       there need not do it again. */
    dev_t synced_device;
    ino_t synced_inode;
};

/* An object's folder, open, and its two names in there. */
struct place {
    int folder;
    const char *name;
    /* Made from the name, not random: a crash in mid-write leaves nothing that remove() misses. */
    char temporary[NAME_SIZE];
};

static const char *root_of(struct blob_store *store)
{
    return ((struct filesystem *)store)->root;
}

/* ---- folders ---- */

/* Opens folder `name` of `parent`; `made` is NULL if it shall not be made. A new one is not durable
   yet: sync_folders. */
static int open_folder(int parent, const char *name, bool *made)
{
    int flags = FOLDER_FLAGS | O_NOFOLLOW;
    int folder = openat(parent, name, flags);
    if (folder >= 0 || errno != ENOENT || made == NULL)
        return folder;
    if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
        return -1;
    *made = true;
    return openat(parent, name, flags);
}

/* Goes from the open folder `from` down all parts of `path` but the last. Closes `from`. Returns
   the last part's folder and in *name the last part, or -1 with errno. */
static int descend(int from, const char *path, bool *made, const char **name)
{
    char part[NAME_SIZE];
    const char *slash;
    while (from >= 0 && (slash = strchr(path, '/')) != NULL) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        int next = open_folder(from, part, made);
        int saved = errno;
        (void)close(from);
        errno = saved;
        from = next;
        path = slash + 1;
    }
    *name = path;
    return from;
}

/* Makes durable what is in the folders above `folder`, the last one of `path`, up to the root. */
static bool sync_above(int folder, const char *path)
{
    int current = folder;
    bool good = true;
    for (const char *at = strchr(path, '/'); good && at != NULL; at = strchr(at + 1, '/')) {
        int parent = openat(current, "..", FOLDER_FLAGS);
        good = parent >= 0 && fsync(parent) == 0;
        if (current != folder)
            (void)close(current);
        current = parent;
    }
    if (current != folder && current >= 0) {
        int saved = errno;
        (void)close(current);
        errno = saved;
    }
    return good;
}

/* Makes durable what is in the place's folder and in those above it: also those that were there
   already, whose maker may not have got as far as this. The deepest first, because one commit of
   the file system then mostly does for all. */
static bool sync_folders(struct blob_store *store, const struct place *place, const char *path)
{
    struct filesystem *filesystem = (struct filesystem *)store;
    struct stat status;
    if (fsync(place->folder) != 0 || fstat(place->folder, &status) != 0)
        return false;
    if (status.st_dev == filesystem->synced_device && status.st_ino == filesystem->synced_inode)
        return true;
    if (!sync_above(place->folder, path))
        return false;
    filesystem->synced_device = status.st_dev;
    filesystem->synced_inode = status.st_ino;
    return true;
}

/* Best effort: a folder above the root may be one that we cannot read. */
static void sync_parent(const char *path)
{
    char parent[ROOT_SIZE];
    (void)snprintf(parent, sizeof(parent), "%.*s/", (int)(strrchr(path, '/') - path), path);
    int folder = open(parent, FOLDER_FLAGS);
    if (folder < 0)
        return;
    (void)fsync(folder);
    (void)close(folder);
}

/* Makes the root and whatever is above it. Symbolic links are fine here: an operator named it. */
static bool make_root(const char *root, struct error *error)
{
    struct stat status;
    char path[ROOT_SIZE];
    if (stat(root, &status) == 0)
        return true;
    (void)snprintf(path, sizeof(path), "%s/", root);
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        bool made = mkdir(path, 0700) == 0;
        if (!made && errno != EEXIST)
            return error_set_errno(error, errno, "cannot make the folder of the file store %s",
                                   root);
        if (made)
            sync_parent(path);
        *slash = '/';
    }
    return true;
}

static bool open_root(struct blob_store *store, int *folder, struct error *error)
{
    *folder = open(root_of(store), FOLDER_FLAGS);
    if (*folder >= 0)
        return true;
    error_set_errno(error, errno, "cannot open the folder of the file store %s", root_of(store));
    if (error->code == ERROR_NOT_FOUND)
        error->code = ERROR_AWAY;
    return false;
}

static bool open_place(struct blob_store *store, const char *path, bool create, struct place *place,
                       struct error *error)
{
    int root = -1;
    if ((create && !make_root(root_of(store), error)) || !open_root(store, &root, error))
        return false;
    bool made = false;
    place->folder = descend(root, path, create ? &made : NULL, &place->name);
    if (made) /* also if the rest fails: a new folder may have the inode of an old one */
        ((struct filesystem *)store)->synced_inode = 0;
    if (place->folder < 0)
        return error_set_errno(error, errno, "cannot open the folder of object %s", path);
    (void)snprintf(place->temporary, sizeof(place->temporary), "%s.part", place->name);
    return true;
}

/* ---- operations ---- */

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

/* To a size that the file has already it would not be for free. */
static bool cut(int fd, off_t size)
{
    struct stat status;
    return fstat(fd, &status) == 0 && (status.st_size == size || ftruncate(fd, size) == 0);
}

/* Writes file `name` of the place's folder and makes its bytes durable. */
static bool write_file(const struct place *place, const char *name, const void *bytes, size_t size)
{
    int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(place->folder, name, flags, 0600);
    if (fd < 0)
        return false;
    bool good = write_all(fd, bytes, size) && cut(fd, (off_t)size) && fsync(fd) == 0;
    int saved = errno;
    good = close(fd) == 0 && good;
    if (!good)
        errno = saved;
    return good;
}

static bool create_in(struct blob_store *store, const struct place *place, const char *path,
                      const void *bytes, size_t size)
{
    return write_file(place, place->name, bytes, size) && sync_folders(store, place, path);
}

/* Two writers of one path write the same bytes (a path belongs to one checksum), so they may share
   the temporary file: hence no O_EXCL and no O_TRUNC in write_file, which would empty it under the
   other's hands; a leftover of a crash is cut to size instead. */
static bool write_in(struct blob_store *store, const struct place *place, const char *path,
                     const void *bytes, size_t size)
{
    return write_file(place, place->temporary, bytes, size) &&
           renameat(place->folder, place->temporary, place->folder, place->name) == 0 &&
           sync_folders(store, place, path);
}

typedef bool put_function(struct blob_store *store, const struct place *place, const char *path,
                          const void *bytes, size_t size);

static bool put_object(struct blob_store *store, const char *path, put_function *put,
                       const void *bytes, size_t size, struct error *error)
{
    struct place place;
    if (!open_place(store, path, true, &place, error))
        return false;
    bool good = put(store, &place, path, bytes, size);
    if (!good) {
        error_set_errno(error, errno, "cannot write object %s", path);
        (void)unlinkat(place.folder, put == write_in ? place.temporary : place.name, 0);
    }
    (void)close(place.folder);
    return good;
}

static bool filesystem_create(struct blob_store *store, const char *path, const void *bytes,
                              size_t size, struct error *error)
{
    return put_object(store, path, create_in, bytes, size, error);
}

static bool filesystem_write(struct blob_store *store, const char *path, const void *bytes,
                             size_t size, struct error *error)
{
    return put_object(store, path, write_in, bytes, size, error);
}

/* Opens the object for reading. O_NONBLOCK: a FIFO in its place must not hang us. */
static bool open_object(struct blob_store *store, const char *path, int *fd, int64_t *size,
                        struct error *error)
{
    struct place place;
    struct stat status;
    if (!open_place(store, path, false, &place, error))
        return false;
    *fd = openat(place.folder, place.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int saved = errno;
    (void)close(place.folder);
    if (*fd < 0)
        return error_set_errno(error, saved, "cannot open object %s", path);
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

static bool filesystem_read(struct blob_store *store, const char *path, struct buffer *out,
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

/* The folder is synced: whoever forgets the object next must not see it back after a power cut. */
static bool filesystem_remove(struct blob_store *store, const char *path, struct error *error)
{
    struct place place;
    if (!open_place(store, path, false, &place, error))
        return false;
    (void)unlinkat(place.folder, place.temporary, 0);
    int failure = unlinkat(place.folder, place.name, 0) == 0 ? 0 : errno;
    if (fsync(place.folder) != 0 && failure == 0)
        failure = errno;
    (void)close(place.folder);
    return failure == 0 || error_set_errno(error, failure, "cannot remove object %s", path);
}

/* Writes a byte into a file without a name, which no death leaves behind. */
static bool try_nameless(int folder)
{
    int fd = openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool good = write_all(fd, "x", 1) && fsync(fd) == 0;
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return good;
}

/* For file systems without O_TMPFILE: a file of always the same name, so that what one death leaves
   the next check removes. */
static bool try_named(struct place *place)
{
    (void)snprintf(place->temporary, sizeof(place->temporary), ".exportd-check");
    (void)unlinkat(place->folder, place->temporary, 0);
    bool good = write_file(place, place->temporary, "x", 1);
    int saved = errno;
    (void)unlinkat(place->folder, place->temporary, 0);
    errno = saved;
    return good;
}

static bool filesystem_check(struct blob_store *store, struct error *error)
{
    struct place place = {.name = ""};
    if (!make_root(root_of(store), error) || !open_root(store, &place.folder, error))
        return false;
    bool good = try_nameless(place.folder);
    if (!good && (errno == EOPNOTSUPP || errno == EISDIR))
        good = try_named(&place);
    if (!good)
        error_set_errno(error, errno, "cannot write into the folder of the file store %s",
                        root_of(store));
    (void)close(place.folder);
    return good;
}

static void filesystem_free(struct blob_store *store)
{
    free(((struct filesystem *)store)->root);
    free(store);
}

static const struct blob_store_operations operations = {
    .create = filesystem_create,
    .write = filesystem_write,
    .read = filesystem_read,
    .size = filesystem_size,
    .remove = filesystem_remove,
    .check = filesystem_check,
    .free = filesystem_free,
};

struct blob_store *filesystem_store_new(const char *root)
{
    struct filesystem *filesystem = memory_zeroed(1, sizeof(*filesystem));
    if (filesystem == NULL)
        return NULL;
    filesystem->store.operations = &operations;
    filesystem->root = text_duplicate(root);
    if (filesystem->root == NULL) {
        free(filesystem);
        return NULL;
    }
    return &filesystem->store;
}
