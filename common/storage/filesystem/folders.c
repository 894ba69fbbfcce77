/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/filesystem/folders.h"

#include "base/folder_sync.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOT_SIZE = 4096, FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

/* A folder keeps its setgid bit, by which what is made in it gets its group, and its sticky bit.
   Not every file system has modes, and a file of another user keeps its own. */
bool folders_set_mode(int fd, mode_t mode)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return false;
    return (status.st_mode & 0777) == mode || fchmod(fd, mode | (status.st_mode & 07000)) == 0 ||
           errno == EPERM || errno == ENOTSUP || errno == ENOSYS;
}

/* A folder of ours that was made under another mode would close what is put into it. */
static bool open_up(int folder, mode_t mode)
{
    struct stat status;
    return fstat(folder, &status) == 0 &&
           (status.st_uid != geteuid() || folders_set_mode(folder, (status.st_mode & 0777) | mode));
}

/* Makes folder `name` in `parent`, or opens it if another process has made it meanwhile. It is not
   durable before place_sync, which must not take it for an older folder with the same inode. */
static int make_folder(struct folders *folders, int parent, const char *name)
{
    if (mkdirat(parent, name, folders->folder_mode) != 0 && errno != EEXIST)
        return -1;
    folders->synced_inode = 0;
    return openat(parent, name, FOLDER_FLAGS | O_NOFOLLOW);
}

static int open_folder(struct folders *folders, int parent, const char *name, bool create)
{
    int folder = openat(parent, name, FOLDER_FLAGS | O_NOFOLLOW);
    if (folder < 0 && errno == ENOENT && create)
        folder = make_folder(folders, parent, name);
    if (folder < 0 || !create || open_up(folder, folders->folder_mode))
        return folder;
    int saved = errno;
    (void)close(folder);
    errno = saved;
    return -1;
}

/* Goes down from the open folder `from`, along all parts of the place's path except the last, which
   becomes the place's name. Closes `from`. Returns the folder of the last part; -1: see errno. */
static int descend(struct folders *folders, int from, bool create, struct place *place)
{
    char part[PLACE_NAME_SIZE];
    const char *path = place->path;
    const char *slash;
    while (from >= 0 && (slash = strchr(path, '/')) != NULL) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        int next = open_folder(folders, from, part, create);
        int saved = errno;
        (void)close(from);
        errno = saved;
        from = next;
        path = slash + 1;
    }
    place->name = path;
    return from;
}

/* Makes durable what is in the folders above `folder` (the folder of the object `path`), up to the
   root. */
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

/* Begins with the deepest folder: the commit of the file system that this causes is mostly enough
   for all of them. */
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

/* Syncs the folder above `path`, if it can be read: above the root it may not be. */
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

/* Gives a new folder its mode, whatever the umask. False: see errno. */
static bool set_folder_mode(const char *path, mode_t mode)
{
    int folder = open(path, FOLDER_FLAGS);
    bool done = folder >= 0 && folders_set_mode(folder, mode);
    int saved = errno;
    if (folder >= 0)
        (void)close(folder);
    errno = saved;
    return done;
}

/* Makes the root and the folders above it. Symbolic links are followed here, because an operator
   has chosen this path. */
static bool make_root(const struct folders *folders, struct error *error)
{
    struct stat status;
    const char *root = folders->root;
    char path[ROOT_SIZE];
    if (stat(root, &status) == 0)
        return true;
    (void)snprintf(path, sizeof(path), "%s/", root);
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        bool made = mkdir(path, folders->folder_mode) == 0;
        if ((!made && errno != EEXIST) || (made && !set_folder_mode(path, folders->folder_mode)))
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
    if (create && !make_root(folders, error))
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
    place->path = path;
    place->folder = descend(folders, root, create, place);
    if (place->folder < 0)
        return error_set_errno(error, errno, "cannot open the folder of object %s", path);
    (void)snprintf(place->temporary, sizeof(place->temporary), "%s.part", place->name);
    return true;
}
