/* SPDX-License-Identifier: Apache-2.0 */
/* An issues-by-tag export at once: no row, no queue, no file store. */
#ifndef REQUEST_TAG_EXPORT_H
#define REQUEST_TAG_EXPORT_H

#include "export/run.h"
#include "request/context.h"
#include "request/create.h"

/* Where the rows come from and go to. */
struct tag_export {
    struct export_source source;
    struct row_output output;
};

/* Writes what a worker would store for the order, of which the user is not looked at; *truncated:
   there were more rows than its limit. ERROR_EXPORT carries the sentence for the user: no such
   project, group, environment; else errors as request_create. */
bool request_tag_export(const struct request_context *context, const struct export_order *order,
                        const struct tag_export *target, bool *truncated,
                        struct error *error) MUST_CHECK;

#endif
