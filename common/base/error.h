/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors. A function that can fail returns bool (true: done) and fills a struct error: a code,
 * which decides what happens next (retry, mail, exit status), and one sentence for a person.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/prelude.h"

enum error_code {
    ERROR_NONE = 0,
    ERROR_USAGE,     /* the command line or a setting is wrong */
    ERROR_INVALID,   /* input from outside is malformed or breaks a rule */
    ERROR_NOT_FOUND, /* what was asked for is not there */
    ERROR_CONFLICT,  /* it is there already, or somebody else has it */
    ERROR_TOO_LARGE, /* a bound is exceeded */
    ERROR_EXPORT,    /* the export cannot be made; the message is the sentence for its user */
    ERROR_AWAY,      /* a server, or a disk with room, cannot be reached for now */
    ERROR_ANSWER,    /* a server took a question, and no whole answer came back in time */
    ERROR_BUSY,      /* too much is asked already: a server's rate limit, an organization's quota */
    ERROR_TIMEOUT,   /* a question takes the server too long */
    ERROR_OVERLOAD,  /* a question takes the server too much: memory limit */
    ERROR_QUERY,     /* a server does not understand or accept the question */
    ERROR_DENIED,    /* authentication, permission or certificate check failed */
    ERROR_LOST,      /* the job is no longer ours: change nothing */
    ERROR_STOPPED,   /* we were told to stop */
    ERROR_INTERNAL,  /* anything else: a bug, or a failure nobody foresaw */
};

#define ERROR_MESSAGE_MAX 512

struct error {
    enum error_code code;
    char message[ERROR_MESSAGE_MAX]; /* lower case, one sentence, no final full stop, no secret */
};

/* Fills *error and returns false, so that a function can end in `return error_set(...)`. A longer
   message is cut. `error` may not be NULL.

       error_set(error, code, format, ...) */
#define error_set(...) (error_fill(__VA_ARGS__), error_false())

/* Like error_set, with ": " and the text of `errno_value` behind the message. The code is
   ERROR_AWAY for a disk that is full or read-only, or an exhausted table (ENOSPC, EDQUOT, EROFS,
   ENFILE, EMFILE, ENOMEM), and for a disk or a file server that does not answer (EIO, ENODEV,
   ESTALE, ETIMEDOUT, ENOTCONN, EHOSTDOWN and the like), ERROR_DENIED for EACCES and EPERM,
   ERROR_NOT_FOUND for ENOENT, ERROR_CONFLICT for EEXIST, else ERROR_INTERNAL. Returns false.

       error_set_errno(error, errno_value, format, ...) */
#define error_set_errno(...) (error_fill_errno(__VA_ARGS__), error_false())

/* ERROR_AWAY, "no memory": memory may be there at the next try. Returns false. */
#define error_no_memory(error) error_set(error, ERROR_AWAY, "no memory")

/* Puts "<context>: " before the message; the code stays. Returns false.

       error_prefix(error, format, ...) */
#define error_prefix(...) (error_fill_prefix(__VA_ARGS__), error_false())

/* What the macros call. They are macros so that compilers and analysers see the false. */
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
