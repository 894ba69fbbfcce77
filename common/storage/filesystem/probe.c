/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe reads what the system knows about the root and its disk. The check probes, then writes
 * a file without a name, so that nothing is left even after a crash, and looks for known objects.
 */
#include "storage/filesystem/probe.h"

#include "base/folder_sync.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- without writing ---- */

/* A folder is a mount point if its parent is on another device. A root that was a mount point and
   is none any more lies on the wrong disk. (If a folder above it is unmounted, the root is gone.)
 */
static bool check_mounted(struct folders *folders, int root, struct error *error)
{
    struct stat own;
    struct stat parent;
    if (fstat(root, &own) != 0 || fstatat(root, "..", &parent, 0) != 0)
        return error_set_errno(error, errno, "cannot look at the folder of the file store %s",
                               folders->root);
    bool mounted = own.st_dev != parent.st_dev;
    if (folders->was_mounted && !mounted)
        return error_set(error, ERROR_AWAY, "the disk of the file store %s is not mounted",
                         folders->root);
    folders->was_mounted = mounted;
    return true;
}

/* Room for one object. A file system without a number of blocks, or of inodes, has a total of 0. */
static bool has_room(const struct statvfs *disk)
{
    uint64_t bytes = (uint64_t)disk->f_bavail * disk->f_frsize;
    return (disk->f_blocks == 0 || bytes >= BLOB_SIZE) &&
           (disk->f_files == 0 || disk->f_favail > 0);
}

static bool inspect_root(struct folders *folders, int root, struct error *error)
{
    struct statvfs disk;
    if (!check_mounted(folders, root, error))
        return false;
    if (faccessat(root, ".", W_OK | X_OK, AT_EACCESS) != 0 || fstatvfs(root, &disk) != 0)
        return error_set_errno(error, errno, "cannot write into the folder of the file store %s",
                               folders->root);
    return has_room(&disk) ||
           error_set(error, ERROR_AWAY, "the disk of the file store %s is full", folders->root);
}

bool filesystem_probe(struct folders *folders, struct error *error)
{
    int root = -1;
    if (!folders_open_root(folders, false, &root, error))
        return false;
    bool good = inspect_root(folders, root, error);
    (void)close(root);
    return good;
}

/* ---- by writing ---- */

/* Writes as an object is written. *own: owner, group and mode of the new file. */
static bool write_byte(int root, const char *name, int flags, mode_t mode, struct stat *own)
{
    int fd = openat(root, name, flags | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return false;
    bool good = write(fd, "x", 1) == 1 && folders_set_mode(fd, mode) && fsync(fd) == 0 &&
                fstat(fd, own) == 0;
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return good;
}

/* For file systems without O_TMPFILE. The name is always the same, so that the next check removes
   what a crash has left. */
static bool write_named_file(int root, mode_t mode, struct stat *own)
{
    static const char name[] = ".exportd-check";
    (void)unlinkat(root, name, 0);
    bool good = write_byte(root, name, O_CREAT, mode, own);
    int saved = errno;
    (void)unlinkat(root, name, 0);
    errno = saved;
    return good;
}

/* A file without a name never stays, not even after a crash. */
static bool try_to_write(int root, mode_t mode, struct stat *own)
{
    if (write_byte(root, ".", O_TMPFILE, mode, own))
        return true;
    return (errno == EOPNOTSUPP || errno == EISDIR) && write_named_file(root, mode, own);
}

static void tell_warning(const struct blob_warnings *warnings, const char *sentence,
                         const char *advice)
{
    if (warnings != NULL)
        warnings->tell(warnings->context, sentence, advice);
}

/* Without modes exports work, so this is only a warning for the operator. */
static void warn_of_mode(const struct folders *folders, const struct stat *own,
                         const struct blob_warnings *warnings)
{
    char sentence[ERROR_MESSAGE_MAX];
    (void)snprintf(sentence, sizeof(sentence),
                   "the file system keeps no mode %04o: new files there have %04o",
                   (unsigned)folders->file_mode, (unsigned)own->st_mode & 0777);
    if ((own->st_mode & 0777) != folders->file_mode)
        tell_warning(warnings, sentence, "see that only the right users can read them there");
}

/* If folders cannot be synced, exports work, so this is only a warning for the operator. */
static bool try_sync(const struct folders *folders, int root, const struct blob_warnings *warnings,
                     struct error *error)
{
    bool durable = false;
    if (!folder_sync(root, &durable))
        return error_set_errno(error, errno, "cannot sync the folder of the file store %s",
                               folders->root);
    if (!durable)
        tell_warning(warnings,
                     "the file system cannot sync folders: a power cut may take the files that "
                     "were stored last",
                     "use a disk that can, or live with that");
    return true;
}

/* ---- known objects ---- */

/* *status: that of the object's file. */
static bool find_object(struct folders *folders, const char *path, struct stat *status,
                        struct error *error)
{
    struct place place;
    if (!blob_store_check_path(path, error) ||
        !folders_open_place(folders, path, false, &place, error))
        return false;
    bool found = fstatat(place.folder, place.name, status, AT_SYMLINK_NOFOLLOW) == 0 ||
                 error_set_errno(error, errno, "cannot look at object %s", path);
    (void)close(place.folder);
    return found;
}

/* Whether the owner of the object can read a file that is made here. The owner's groups are not
   looked up: the group of the object must do. */
static bool can_read(const struct stat *object, const struct stat *own)
{
    return object->st_uid == own->st_uid || object->st_uid == 0 || (own->st_mode & S_IROTH) != 0 ||
           ((own->st_mode & S_IRGRP) != 0 && object->st_gid == own->st_gid);
}

static void warn_of_owner(const struct stat *object, const struct stat *own,
                          const struct blob_warnings *warnings)
{
    char sentence[ERROR_MESSAGE_MAX];
    (void)snprintf(sentence, sizeof(sentence),
                   "user %u (group %u), who owns objects there, cannot read those that user %u "
                   "(group %u) makes with mode %04o",
                   (unsigned)object->st_uid, (unsigned)object->st_gid, (unsigned)own->st_uid,
                   (unsigned)own->st_gid, (unsigned)own->st_mode & 0777);
    tell_warning(warnings, sentence,
                 "run exportd as another user or group, or give EXPORTD_STORAGE_MODE");
}

/* Some known objects may be lost. If all are missing, the folder is another one, or its folders are
   closed to our user. */
static bool find_objects(struct folders *folders, const struct blob_paths *known,
                         const struct stat *own, const struct blob_warnings *warnings,
                         struct error *error)
{
    size_t found = 0;
    bool shut_out = false;
    struct stat object;
    for (size_t i = 0; i < known->count; i++) {
        if (!find_object(folders, known->items[i], &object, error))
            continue;
        found++;
        if (!shut_out && !can_read(&object, own)) {
            shut_out = true;
            warn_of_owner(&object, own, warnings);
        }
    }
    if (known->count == 0 || found > 0)
        return true;
    if (error->code == ERROR_DENIED)
        return false;
    return error_set(
        error, ERROR_NOT_FOUND,
        "none of the newest objects of the database (%zu) is in %s: another folder, or "
        "a disk that is not mounted?",
        known->count, folders->root);
}

/* For a root that is missing: an error, unless it can be made and no object is known. */
static bool check_missing_root(const struct folders *folders, const struct blob_paths *known,
                               const struct blob_warnings *warnings, struct error *error)
{
    char parent[PATH_MAX];
    char sentence[ERROR_MESSAGE_MAX];
    if (known->count > 0)
        return error_set(error, ERROR_NOT_FOUND,
                         "there is no folder %s, and the database knows objects in it",
                         folders->root);
    (void)snprintf(parent, sizeof(parent), "%s", folders->root);
    if (faccessat(AT_FDCWD, dirname(parent), W_OK | X_OK, AT_EACCESS) != 0)
        return error_set_errno(error, errno,
                               "there is no folder %s, and none can be made in the one above",
                               folders->root);
    (void)snprintf(sentence, sizeof(sentence), "there is no folder %.400s yet", folders->root);
    tell_warning(warnings, sentence, "the start of a worker will make it");
    return true;
}

bool filesystem_check(struct folders *folders, const struct blob_paths *known,
                      const struct blob_warnings *warnings, struct error *error)
{
    int root = -1;
    struct stat own;
    if (access(folders->root, F_OK) != 0 && errno == ENOENT)
        return check_missing_root(folders, known, warnings, error);
    if (!folders_open_root(folders, false, &root, error))
        return false;
    bool good = inspect_root(folders, root, error);
    if (good && !try_to_write(root, folders->file_mode, &own))
        good = error_set_errno(error, errno, "cannot write into the folder of the file store %s",
                               folders->root);
    if (good)
        warn_of_mode(folders, &own, warnings);
    good = good && try_sync(folders, root, warnings, error) &&
           find_objects(folders, known, &own, warnings, error);
    (void)close(root);
    return good;
}
