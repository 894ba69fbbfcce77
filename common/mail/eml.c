/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/eml.h"

#include "base/buffer.h"
#include "base/folder_sync.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file name may have 255 bytes. A Message-ID may be longer, but its beginning is unique. */
enum { NAME_MAX_BYTES = 200 };

struct eml_transport {
    struct mail_transport base;
    char *folder;
};

/* <27.1.9f3c...@example.com> becomes 27.1.9f3c...@example.com. A name never begins with a dot: such
   files are hidden, and "." and ".." are folders. */
static void make_name(const char *message_id, char name[NAME_MAX_BYTES + 1])
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._@";
    size_t used = 0;
    for (const char *at = message_id; *at != '\0' && used < NAME_MAX_BYTES; at++) {
        if (*at == '<' || *at == '>')
            continue;
        bool fits = strchr(allowed, *at) != NULL && (used > 0 || *at != '.');
        name[used++] = fits ? *at : '_';
    }
    name[used] = '\0';
}

/* ---- writing ---- */

static bool open_folder(const char *path, int *folder, struct error *error)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return error_set_errno(error, errno, "cannot make the folder for mails");
    *folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *folder >= 0 || error_set_errno(error, errno, "cannot open the folder for mails");
}

static bool write_all(int file, const char *bytes, size_t size, struct error *error)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set_errno(error, errno, "cannot write a mail");
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* A file that a dead writer has left is overwritten. */
static bool write_file(int folder, const char *name, const char *bytes, size_t size,
                       struct error *error)
{
    int file =
        openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, (mode_t)0600);
    if (file < 0)
        return error_set_errno(error, errno, "cannot make a file for a mail");
    bool done = write_all(file, bytes, size, error);
    if (done && fsync(file) != 0)
        done = error_set_errno(error, errno, "cannot write a mail to disk");
    if (close(file) != 0 && done)
        done = error_set_errno(error, errno, "cannot write a mail");
    return done;
}

/* Files have the line ends of this system, as `sendmail -t` and readers of maildirs expect. CR LF
   is for SMTP. */
static bool append_lines(struct buffer *out, const char *mime, size_t size, struct error *error)
{
    const char *end = mime + size;
    while (mime < end) {
        const char *cr = memmem(mime, (size_t)(end - mime), "\r\n", 2);
        const char *stop = cr == NULL ? end : cr;
        if (!buffer_append(out, mime, (size_t)(stop - mime), error))
            return false;
        mime = cr == NULL ? end : cr + 1;
    }
    return true;
}

/* Writes a file that appears under its name only when it is whole. */
static bool write_renamed(int folder, const char *name, const char *bytes, size_t size,
                          struct error *error)
{
    char temporary[NAME_MAX_BYTES + 16];
    char final[NAME_MAX_BYTES + 16];
    (void)snprintf(temporary, sizeof(temporary), "%s.tmp", name);
    (void)snprintf(final, sizeof(final), "%s.eml", name);
    if (!write_file(folder, temporary, bytes, size, error)) {
        (void)unlinkat(folder, temporary, 0);
        return false;
    }
    if (renameat(folder, temporary, folder, final) != 0)
        return error_set_errno(error, errno, "cannot rename a mail");
    return folder_sync(folder, NULL) ||
           error_set_errno(error, errno, "cannot write the folder to disk");
}

/* ---- the transport ---- */

static bool send_mail(struct mail_transport *base, const struct mail_message *message,
                      struct error *error)
{
    const struct eml_transport *transport = (const struct eml_transport *)base;
    char name[NAME_MAX_BYTES + 1];
    struct buffer lines;
    int folder = -1;
    make_name(message->message_id, name);
    buffer_init(&lines, message->size);
    bool done = append_lines(&lines, message->mime, message->size, error) &&
                open_folder(transport->folder, &folder, error) &&
                write_renamed(folder, name, lines.data, lines.size, error);
    if (folder >= 0)
        (void)close(folder);
    buffer_free(&lines);
    return done;
}

static bool is_writable(const char *path)
{
    return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

/* Makes no folder: a worker that runs as another user could perhaps not write there. */
static bool check_folder(struct mail_transport *base, struct error *error)
{
    const struct eml_transport *transport = (const struct eml_transport *)base;
    struct stat status;
    if (stat(transport->folder, &status) == 0) {
        if (!S_ISDIR(status.st_mode))
            return error_set(error, ERROR_DENIED, "the folder for mails is no folder");
        return is_writable(transport->folder) ||
               error_set_errno(error, errno, "cannot write into the folder for mails");
    }
    if (errno != ENOENT)
        return error_set_errno(error, errno, "cannot look at the folder for mails");
    char parent[PATH_MAX];
    if (!text_copy(parent, sizeof(parent), transport->folder))
        return error_set(error, ERROR_DENIED, "the folder for mails has too long a name");
    return is_writable(dirname(parent)) ||
           error_set_errno(error, errno, "cannot make the folder for mails");
}

static void free_transport(struct mail_transport *base)
{
    struct eml_transport *transport = (struct eml_transport *)base;
    free(transport->folder);
    free(transport);
}

static const struct mail_transport_operations operations = {
    .send = send_mail,
    .check = check_folder,
    .free = free_transport,
};

struct mail_transport *eml_transport_new(const char *folder, struct error *error)
{
    struct eml_transport *transport = memory_zeroed(1, sizeof(*transport));
    char *copy = text_duplicate(folder);
    if (transport == NULL || copy == NULL) {
        free(transport);
        free(copy);
        (void)error_no_memory(error);
        return NULL;
    }
    transport->base.operations = &operations;
    transport->folder = copy;
    return &transport->base;
}
