/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>

static const char *const code_names[] = {
    [ERROR_NONE] = "none",           [ERROR_USAGE] = "usage",       [ERROR_INVALID] = "invalid",
    [ERROR_NOT_FOUND] = "not-found", [ERROR_CONFLICT] = "conflict", [ERROR_TOO_LARGE] = "too-large",
    [ERROR_EXPORT] = "export",       [ERROR_NO_SUBJECT] = "export", [ERROR_AWAY] = "away",
    [ERROR_ANSWER] = "answer",       [ERROR_BUSY] = "busy",         [ERROR_TIMEOUT] = "timeout",
    [ERROR_OVERLOAD] = "overload",   [ERROR_QUERY] = "query",       [ERROR_DENIED] = "denied",
    [ERROR_LOST] = "lost",           [ERROR_STOPPED] = "stopped",   [ERROR_INTERNAL] = "internal",
};

/* ERROR_AWAY if the disk is full, broken or removed, or its server (NFS, SMB, FUSE) does not
   answer. */
static enum error_code code_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
    case ENFILE:
    case EMFILE:
    case ENOMEM:
    case EROFS:
    case EIO:
    case EREMOTEIO:
    case EUCLEAN:
    case ENODEV:
    case ENOMEDIUM:
    case ESTALE:
    case ETIMEDOUT:
    case ENOTCONN:
    case ESHUTDOWN:
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
        return ERROR_AWAY;
    case EACCES:
    case EPERM:
        return ERROR_DENIED;
    case ENOENT:
        return ERROR_NOT_FOUND;
    case EEXIST:
        return ERROR_CONFLICT;
    default:
        return ERROR_INTERNAL;
    }
}

/* Formats into a buffer first, because an argument may be the error's own message. Makes the
   message valid UTF-8 for Postgres and mails: a server's text may be anything, and a cut may split
   a character. */
void error_fill(struct error *error, enum error_code code, const char *format, ...)
{
    char message[ERROR_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    utf8_mend(message);
    memcpy(error->message, message, sizeof(message));
    error->code = code;
}

void error_fill_errno(struct error *error, int errno_value, const char *format, ...)
{
    char context[ERROR_MESSAGE_MAX];
    char reason[128];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(context, sizeof(context), format, arguments);
    va_end(arguments);
    error_fill(error, code_of_errno(errno_value), "%.*s: %s", 360, context,
               strerror_r(errno_value, reason, sizeof(reason)));
}

void error_fill_prefix(struct error *error, const char *format, ...)
{
    char context[ERROR_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(context, sizeof(context), format, arguments);
    va_end(arguments);
    error_fill(error, error->code, "%.*s: %.*s", 200, context, 300, error->message);
}

const char *error_code_name(enum error_code code)
{
    return (size_t)code < ARRAY_LENGTH(code_names) ? code_names[code] : "unknown";
}
