/* SPDX-License-Identifier: Apache-2.0 */
#include "request/estimate.h"

#include "export/query_type.h"
#include "request/resolve.h"

enum { TEXTS_MAX = 4 * 1024 * 1024 };

bool request_estimate(const struct request_context *context, const struct export_order *order,
                      struct tagstore *tagstore, struct export_estimate *estimate,
                      struct error *error)
{
    const struct export_source source = {.pg = context->pg, .tagstore = tagstore};
    struct export_query query;
    struct arena *arena = arena_new(TEXTS_MAX);
    bool done = arena != NULL || error_no_memory(error);
    done = done && request_resolve(context, order, arena, &query, error) &&
           query_type_estimate(&source, &query, estimate, error);
    arena_free(arena);
    return done;
}

/* The estimate makes the checks of an export, in bounded time. */
bool request_check_subject(const struct request_context *context, const struct export_order *order,
                           struct tagstore *tagstore, struct error *unknown, struct error *error)
{
    struct export_estimate estimate;
    *unknown = (struct error){.code = ERROR_NONE};
    if (request_estimate(context, order, tagstore, &estimate, unknown))
        return true;
    if (unknown->code != ERROR_NO_SUBJECT && unknown->code != ERROR_NOT_FOUND)
        return true;
    *error = *unknown;
    return false;
}
