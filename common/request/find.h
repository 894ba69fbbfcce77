/* SPDX-License-Identifier: Apache-2.0 */
/* Shows one export, or those that pass a filter. */
#ifndef REQUEST_FIND_H
#define REQUEST_FIND_H

#include "base/json.h"
#include "export/query_type.h"
#include "job/state.h"
#include "request/context.h"

/* The export as a JSON object (export_json.h), with `place` and `reason` (place.h); the caller
   frees it. ERROR_NOT_FOUND, ERROR_DENIED. */
bool request_find(const struct request_context *context, int64_t data_export_id, json_t **export,
                  struct error *error) MUST_CHECK;

/* Which exports to list; NULL and 0 stand for any. */
struct export_filter {
    const char *organization; /* slug */
    const char *user;         /* id or address */
    const enum job_state *state;
    const struct query_type *type;
    int64_t before; /* exports with ids below it */
};

struct export_list {
    json_t
        *exports;  /* an array of objects as in export_json.h, newest first; the caller frees it */
    int64_t older; /* the `before` of the next page; 0: this is the last page */
};

/* The newest exports that pass the filter and that the caller may see, at most `max`. Exports of
   projects that the caller may not read are left out, so a page may be shorter than `max` although
   older exports exist. ERROR_NOT_FOUND: there is no such organization or user, or the user is no
   member of the organization. ERROR_INVALID: no organization is named, and several users have the
   address. ERROR_DENIED. */
bool request_list(const struct request_context *context, const struct export_filter *filter,
                  int64_t max, struct export_list *list, struct error *error) MUST_CHECK;

/* The number of exports that pass the filter, in all projects; `before` is ignored. Counting stops
   at EXPORTS_COUNTED + 1. */
enum { EXPORTS_COUNTED = 10000 };
bool request_count(const struct request_context *context, const struct export_filter *filter,
                   int64_t *count, struct error *error) MUST_CHECK;

/* Whether the export has come to its end, good or bad. After that, only its expiry can change it.
 */
bool request_is_finished(const json_t *export);

#endif
