/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the rows of an export, unless an equal export is unfinished. Only for the functions of this
   layer. */
#ifndef REQUEST_GET_OR_CREATE_H
#define REQUEST_GET_OR_CREATE_H

#include "model/exported_data.h"
#include "request/create.h"

/* The export that is asked for, in ids. */
struct creation {
    struct exported_data_key key;
    int64_t limit, environment_id; /* 0: all; or ENQUEUE_WRONG */
    int64_t priority;
    int64_t retry_of; /* the export that this one asks for again; 0: none */
};

/* In the caller's transaction: finds an equal export that is not finished, or makes the export,
   queues it and adds an entry to the audit. A lock makes equal requests wait for each other until
   the transaction ends. ERROR_BUSY, ERROR_CONFLICT: as request_create. */
bool request_get_or_create(const struct request_context *context, const struct creation *creation,
                           struct created_export *created, struct error *error) MUST_CHECK;

#endif
