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
