/* SPDX-License-Identifier: Apache-2.0 */
/* What cron asks for: freeing what is not needed any more. For operators: ERROR_DENIED for
   everybody else. */
#ifndef REQUEST_CLEANUP_H
#define REQUEST_CLEANUP_H

#include "request/caller.h"
#include "storage/cleanup.h"

struct cleanup_order {
    struct cleanup cleanup;
    int64_t history_days; /* how long finished exports are remembered */
};

struct cleanup_summary {
    struct cleanup_result storage;
    int64_t exports; /* whose history was deleted */
};

/* Removes abandoned objects, unused blobs, files of expired exports, and old history. What could
   not be removed is counted in storage.failed and stops nothing else. */
bool request_cleanup(const struct caller *caller, const struct cleanup_order *order,
                     struct cleanup_summary *summary, struct error *error) MUST_CHECK;

#endif
