/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors. A function that can fail returns true if it succeeded. Else it fills a struct error: a
 * code, which decides what happens next (retry, mail, exit status), and one sentence for a person.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/prelude.h"

enum error_code {
    ERROR_NONE = 0,
    ERROR_USAGE,      /* the command line or a setting is wrong */
    ERROR_INVALID,    /* input from outside is malformed or breaks a rule */
    ERROR_NOT_FOUND,  /* the wanted thing does not exist */
    ERROR_CONFLICT,   /* it exists already, or something else holds it */
    ERROR_TOO_LARGE,  /* a limit is exceeded */
    ERROR_EXPORT,     /* the export cannot be made; the message is the sentence for its user */
    ERROR_NO_SUBJECT, /* likewise, because what the export asks about does not exist */
    ERROR_AWAY,       /* for now a server cannot be reached, or memory or a disk has no room */
    ERROR_ANSWER,     /* a server got a question, but no whole answer came in time */
    ERROR_BUSY,       /* too many requests: a server's rate limit, an organization's quota */
    ERROR_TIMEOUT,    /* the server needs too long for a question */
    ERROR_OVERLOAD,   /* the server needs too much memory for a question */
    ERROR_QUERY,      /* a server does not understand or accept the question */
    ERROR_DENIED,     /* authentication, permission or certificate check failed */
    ERROR_LOST,       /* the job is no longer ours: nothing may be changed */
    ERROR_STOPPED,    /* the process was told to stop */
    ERROR_INTERNAL,   /* a bug, or an unforeseen failure */
};

#define ERROR_MESSAGE_MAX 512

struct error {
    enum error_code code;
    char message[ERROR_MESSAGE_MAX]; /* lower case, one sentence, no final full stop, no secret */
};

/* Fills *error and returns false, so that a function can end with `return error_set(...)`. A longer
   message is cut. Bytes that are not UTF-8 become "?". `error` must not be NULL.

       error_set(error, code, format, ...) */
#define error_set(...) (error_fill(__VA_ARGS__), error_false())

/* Like error_set; appends ": " and the text of `errno_value` to the message. The code is

   - ERROR_AWAY if a disk is full or read-only, a table of the system is full or memory is short
     (ENOSPC, EDQUOT, EROFS, ENFILE, EMFILE, ENOMEM), or a disk or a file server does not answer
     (EIO, ENODEV, ESTALE, ETIMEDOUT, ENOTCONN, EHOSTDOWN and the like);
   - ERROR_DENIED for EACCES and EPERM, ERROR_NOT_FOUND for ENOENT, ERROR_CONFLICT for EEXIST;
   - else ERROR_INTERNAL.

   Returns false.

       error_set_errno(error, errno_value, format, ...) */
#define error_set_errno(...) (error_fill_errno(__VA_ARGS__), error_false())

/* ERROR_AWAY, "no memory", because the next try may find memory. Returns false. */
#define error_no_memory(error) error_set(error, ERROR_AWAY, "no memory")

/* Puts "<context>: " before the message, and keeps the code. Returns false.

       error_prefix(error, format, ...) */
#define error_prefix(...) (error_fill_prefix(__VA_ARGS__), error_false())

/* Used by the macros, which exist so that compilers and analysers see that the result is false. */
void error_fill(struct error *error, enum error_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);
void error_fill_errno(struct error *error, int errno_value, const char *format, ...)
    PRINTF_LIKE(3, 4);
void error_fill_prefix(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);
static inline bool error_false(void)
{
    return false;
}

/* The code's name in logs and history: "away", "not-found", ... */
const char *error_code_name(enum error_code code);

#endif
