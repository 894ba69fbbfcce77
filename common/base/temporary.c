#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
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
