/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/filesystem/folders.h"

#include "base/folder_sync.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOT_SIZE = 4096, FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

/* Opens folder `name` of `parent`; `made` is NULL if it shall not be made. A new one is not durable
   yet: place_sync. */
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
    char part[PLACE_NAME_SIZE];
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
        good = parent >= 0 && folder_sync(parent, NULL);
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

/* The deepest first, because one commit of the file system then mostly does for all. */
bool place_sync(struct folders *folders, const struct place *place)
{
    struct stat status;
    if (!folder_sync(place->folder, NULL) || fstat(place->folder, &status) != 0)
        return false;
    if (status.st_dev == folders->synced_device && status.st_ino == folders->synced_inode)
        return true;
    if (!sync_above(place->folder, place->path))
        return false;
    folders->synced_device = status.st_dev;
    folders->synced_inode = status.st_ino;
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

bool folders_open_root(const struct folders *folders, bool create, int *folder, struct error *error)
{
    if (create && !make_root(folders->root, error))
        return false;
    *folder = open(folders->root, FOLDER_FLAGS);
    if (*folder >= 0)
        return true;
    error_set_errno(error, errno, "cannot open the folder of the file store %s", folders->root);
    if (error->code == ERROR_NOT_FOUND)
        error->code = ERROR_AWAY;
    return false;
}

bool folders_open_place(struct folders *folders, const char *path, bool create, struct place *place,
                        struct error *error)
{
    int root = -1;
    if (!folders_open_root(folders, create, &root, error))
        return false;
    bool made = false;
    place->path = path;
    place->folder = descend(root, path, create ? &made : NULL, &place->name);
    if (made) /* also if the rest fails: a new folder may have the inode of an old one */
        folders->synced_inode = 0;
    if (place->folder < 0)
        return error_set_errno(error, errno, "cannot open the folder of object %s", path);
    (void)snprintf(place->temporary, sizeof(place->temporary), "%s.part", place->name);
    return true;
}
