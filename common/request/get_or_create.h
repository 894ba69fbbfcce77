/* SPDX-License-Identifier: Apache-2.0 */
/* An export's rows are made, unless an equal export is unfinished. For the functions of this layer.
 */
#ifndef REQUEST_GET_OR_CREATE_H
#define REQUEST_GET_OR_CREATE_H

#include "model/exported_data.h"
#include "request/create.h"

/* What is asked for, with ids in place of names. */
struct creation {
    struct exported_data_key key;
    int64_t limit, environment_id; /* 0: all; ENQUEUE_WRONG */
    int64_t priority;
    int64_t retry_of; /* 0: of none */
};

/* Makes the export and queues it, with an entry in the audit, in the caller's transaction; or finds
   an equal one that is not finished. Equal requests come one after the other. ERROR_BUSY,
   ERROR_CONFLICT: as request_create. */
bool request_get_or_create(const struct request_context *context, const struct creation *creation,
                           struct created_export *created, struct error *error) MUST_CHECK;

#endif
