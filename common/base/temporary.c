/* SPDX-License-Identifier: Apache-2.0 */
#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* For file systems without O_TMPFILE. */
static bool open_and_unlink(const char *folder, int *fd, struct error *error)
{
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s/exportd-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof(path))
        return error_set(error, ERROR_USAGE, "EXPORTD_TMPDIR: too long a path");
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd < 0)
        return error_set_errno(error, errno, "cannot make a temporary file");
    if (unlink(path) == 0)
        return true;
    int reason = errno;
    (void)close(*fd);
    *fd = -1;
    return error_set_errno(error, reason, "cannot unlink a temporary file");
}

bool temporary_open(const char *folder, int *fd, struct error *error)
{
    *fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd >= 0)
        return true;
    if (errno == EOPNOTSUPP || errno == EISDIR)
        return open_and_unlink(folder, fd, error);
    return error_set_errno(error, errno, "cannot make a temporary file");
}

bool temporary_open_small(const char *folder, int *fd, bool *in_memory, struct error *error)
{
    *fd = memfd_create("exportd", MFD_CLOEXEC);
    *in_memory = *fd >= 0;
    return *in_memory || temporary_open(folder, fd, error);
}

static bool copy_all(int from, int to, struct error *error)
{
    struct stat status;
    off_t at = 0;
    if (fstat(from, &status) != 0)
        return error_set_errno(error, errno, "cannot look at a temporary file");
    while (at < status.st_size) {
        ssize_t sent = sendfile(to, from, &at, (size_t)(status.st_size - at));
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return error_set_errno(error, sent < 0 ? errno : EIO, "cannot write a temporary file");
    }
    return true;
}

bool temporary_move_to_disk(const char *folder, int fd, struct error *error)
{
    int disk = -1;
    off_t position = lseek(fd, 0, SEEK_CUR);
    if (!temporary_open(folder, &disk, error))
        return false;
    bool good = copy_all(fd, disk, error) &&
                ((lseek(disk, position, SEEK_SET) == position && dup3(disk, fd, O_CLOEXEC) == fd) ||
                 error_set_errno(error, errno, "cannot move a temporary file to the disk"));
    (void)close(disk);
    return good;
}
