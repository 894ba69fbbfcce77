/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages that ask for exports. Three shapes lead to one struct:
 *
 *   plain       {"data_export_id": 27, "limit": null, "environment_id": null}
 *   Celery, protocol 1 and 2: an envelope with a base64 body, JSON or pickle inside (wire/celery.h)
 *
 * A Celery message gives its arguments by name or by position, in the order data_export_id, limit,
 * environment_id. Since June 2020 Sentry says export_limit for limit, and makes an export in parts:
 * offset, batch_size, bytes_written and export_retries of such a part are ignored, for exportd
 * makes the whole export.
 *
 * Parsing does no I/O and trusts nothing.
 */
#ifndef WIRE_JOB_MESSAGE_H
#define WIRE_JOB_MESSAGE_H

#include "base/buffer.h"
#include "base/clock.h"

#define JOB_MESSAGE_MAX ((size_t)1024 * 1024)

enum { JOB_UNKNOWN_MAX = 128 };

enum job_limit {
    JOB_LIMIT_NONE,  /* null, 0 or absent: all rows */
    JOB_LIMIT_ROWS,  /* a positive whole number */
    JOB_LIMIT_WRONG, /* anything else: refused by a mail, because the row exists */
};

enum job_environment {
    JOB_ENVIRONMENT_ALL, /* null, 0 or absent */
    JOB_ENVIRONMENT_ONE,
    JOB_ENVIRONMENT_WRONG, /* no whole number: such an environment does not exist */
};

struct job_message {
    int64_t data_export_id; /* 1 to INT64_MAX */
    enum job_limit limit_kind;
    int64_t limit; /* with JOB_LIMIT_ROWS */
    enum job_environment environment_kind;
    int64_t environment_id;        /* with JOB_ENVIRONMENT_ONE */
    int64_t eta;                   /* not before this moment; USEC_NONE */
    int64_t expires;               /* not after this moment; USEC_NONE */
    char unknown[JOB_UNKNOWN_MAX]; /* names of other arguments that have a value, with blanks
                                      between them; cut where they are too long */
};

/* Reads a message of any shape. ERROR_INVALID or ERROR_TOO_LARGE: it leads to no row; the message
   says why, for the dead list ("not valid JSON ...", "another task: ..."). */
bool job_message_parse(const char *bytes, size_t size, struct job_message *message,
                       struct error *error) MUST_CHECK;

/* Appends the plain shape. A wrong limit or environment is printed as false, which is as wrong; eta
   and expires are not printed. */
bool job_message_print(const struct job_message *message, struct buffer *out,
                       struct error *error) MUST_CHECK;

#endif
