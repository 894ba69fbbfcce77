/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope of a Celery message as kombu puts it into a Redis list:
 *
 *     {"body": "<base64>", "content-type": "application/json", "content-encoding": "utf-8",
 *      "headers": {...}, "properties": {"body_encoding": "base64", ...}}
 *
 * Task protocol 2 names the task in the headers, and its body is [args, kwargs, embed]; in protocol
 * 1 the body is a map with task, args, kwargs, eta, expires. Bodies are read in JSON and in pickle
 * ("application/x-python-serialize", wire/pickle.h), plain or compressed by zlib (the header
 * `compression` is then "application/x-gzip").
 */
#ifndef WIRE_CELERY_H
#define WIRE_CELERY_H

#include "base/clock.h"
#include "base/json.h"

/* A call of assemble_download, or of merge_blobs, which has only the first argument. */
struct celery_task {
    json_t *body;         /* owns what the next two point into */
    const json_t *args;   /* a list, or NULL for none */
    const json_t *kwargs; /* an object, or NULL for none */
    int64_t eta;          /* USEC_NONE: at once */
    int64_t expires;      /* USEC_NONE: never */
};

/* Whether it looks like an envelope. */
bool celery_is_envelope(const json_t *message);

/* Unwraps the envelope; the body may have `maximum` bytes, also when it is decompressed.
   ERROR_INVALID, with a reason for the dead list: another task, another serializer, a pickle of
   more than data, a time that is none ...; ERROR_TOO_LARGE; ERROR_AWAY without memory. Free the
   task with celery_task_free, also after an error. */
bool celery_unwrap(const json_t *envelope, size_t maximum, struct celery_task *task,
                   struct error *error) MUST_CHECK;
void celery_task_free(struct celery_task *task);

#endif
