/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: a program some of whose calls fail. FAIL_CALLS_FILE names a file that says which:
   "pwrite 116" (the number is the errno), "fsync_folder 22" (fsync of a folder), "fchmod 1"; below
   0 the call hangs. While the file is missing or empty all is well. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The errno for this call; 0: the call shall succeed. */
static int failure_of(const char *call)
{
    char text[64] = "";
    const char *path = getenv("FAIL_CALLS_FILE");
    int fd = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof(text) - 1) < 0)
        text[0] = '\0';
    (void)close(fd);
    size_t size = strlen(call);
    bool named = strncmp(text, call, size) == 0 && text[size] == ' ';
    int number = named ? (int)strtol(text + size, NULL, 10) : 0;
    if (number < 0)
        for (;;)
            (void)pause();
    return number;
}

/* libc declares the functions below with attributes that these definitions do not need. */
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    errno = failure_of("pwrite");
    return errno != 0 ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite(fd, bytes, size, offset);
}

int fsync(int fd)
{
    struct stat status;
    errno = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) ? failure_of("fsync_folder") : 0;
    return errno != 0 ? -1 : (int)syscall(SYS_fsync, fd);
}

int fchmod(int fd, mode_t mode)
{
    errno = failure_of("fchmod");
    return errno != 0 ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}
