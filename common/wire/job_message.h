/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses the messages that ask for exports. There are three forms:
 *
 *   plain       {"data_export_id": 27, "limit": null, "environment_id": null}
 *   Celery, protocol 1 and 2: an envelope with a base64 body, JSON or pickle inside (wire/celery.h)
 *
 * A Celery message has its arguments by name, or by position in the order data_export_id, limit,
 * environment_id. Since June 2020 Sentry calls limit export_limit, and makes an export in parts.
 * The arguments of such a part (offset, batch_size, bytes_written, export_retries) are ignored,
 * because exportd makes the whole export.
 *
 * Parsing does no I/O. No part of a message is trusted.
 */
#ifndef WIRE_JOB_MESSAGE_H
#define WIRE_JOB_MESSAGE_H

#include "base/buffer.h"
#include "base/clock.h"

#define JOB_MESSAGE_MAX ((size_t)1024 * 1024)

enum { JOB_UNKNOWN_MAX = 128 };

enum job_limit {
    JOB_LIMIT_NONE,  /* null, 0 or missing: all rows */
    JOB_LIMIT_ROWS,  /* a positive whole number */
    JOB_LIMIT_WRONG, /* anything else: the export fails with a mail to its user */
};

enum job_environment {
    JOB_ENVIRONMENT_ALL, /* null, 0 or missing */
    JOB_ENVIRONMENT_ONE,
    JOB_ENVIRONMENT_WRONG, /* not a whole number: there is no such environment */
};

struct job_message {
    int64_t data_export_id; /* 1 to INT64_MAX */
    enum job_limit limit_kind;
    int64_t limit; /* with JOB_LIMIT_ROWS */
    enum job_environment environment_kind;
    int64_t environment_id;        /* with JOB_ENVIRONMENT_ONE */
    int64_t eta;                   /* not before this moment; USEC_NONE: at once */
    int64_t expires;               /* not after this moment; USEC_NONE: never */
    char unknown[JOB_UNKNOWN_MAX]; /* names of other arguments with a value, separated by blanks;
                                      each name is cut, and those that do not fit are left out */
};

/* Parses a message of any form. ERROR_INVALID or ERROR_TOO_LARGE: it is a dead message; the error
   says why ("not valid JSON ...", "another task: ..."). ERROR_AWAY without memory. */
bool job_message_parse(const char *bytes, size_t size, struct job_message *message,
                       struct error *error) MUST_CHECK;

/* Appends the message in the plain form. A wrong limit or environment is printed as false, which is
   also wrong. eta and expires are not printed. */
bool job_message_print(const struct job_message *message, struct buffer *out,
                       struct error *error) MUST_CHECK;

#endif
