/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the envelope of a Celery message, as kombu puts it into a Redis list:
 *
 *     {"body": "<base64>", "content-type": "application/json", "content-encoding": "utf-8",
 *      "headers": {...}, "properties": {"body_encoding": "base64", ...}}
 *
 * In task protocol 2 the headers name the task, and the body is [args, kwargs, embed]. In protocol
 * 1 the body is a map with task, args, kwargs, eta, expires. A body may be JSON or pickle
 * ("application/x-python-serialize", wire/pickle.h), plain or compressed by zlib (the header
 * `compression` is then "application/x-gzip").
 */
#ifndef WIRE_CELERY_H
#define WIRE_CELERY_H

#include "base/clock.h"
#include "base/json.h"

/* A call of assemble_download, or of merge_blobs, which has only its first argument. */
struct celery_task {
    json_t *body;         /* owns args and kwargs */
    const json_t *args;   /* a list, or NULL */
    const json_t *kwargs; /* an object, or NULL */
    int64_t eta;          /* not before this moment; USEC_NONE: at once */
    int64_t expires;      /* not after this moment; USEC_NONE: never */
};

/* Whether the message has the form of an envelope. */
bool celery_is_envelope(const json_t *message);

/* Reads the task from its envelope. The body may have `maximum` bytes, also after decompression.
   ERROR_INVALID, with a reason for the dead messages: another task, another serializer, a pickle
   with more than data, an invalid time and the like. ERROR_TOO_LARGE; ERROR_AWAY without memory.
   Free the task with celery_task_free, also after an error. */
bool celery_unwrap(const json_t *envelope, size_t maximum, struct celery_task *task,
                   struct error *error) MUST_CHECK;
void celery_task_free(struct celery_task *task);

#endif
