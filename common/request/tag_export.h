/* SPDX-License-Identifier: Apache-2.0 */
/* Writes an issues-by-tag export at once: without row, queue and file store. */
#ifndef REQUEST_TAG_EXPORT_H
#define REQUEST_TAG_EXPORT_H

#include "export/run.h"
#include "request/context.h"
#include "request/create.h"

/* Where the rows come from, and where they go. */
struct tag_export {
    struct export_source source;
    struct row_output output;
};

/* Writes the bytes that a worker would store for the order, whose `user` is ignored. *truncated:
   there were more rows than the limit. ERROR_EXPORT and ERROR_NO_SUBJECT as
   query_type_run. Other errors as request_create. */
bool request_tag_export(const struct request_context *context, const struct export_order *order,
                        const struct tag_export *target, bool *truncated,
                        struct error *error) MUST_CHECK;

#endif
