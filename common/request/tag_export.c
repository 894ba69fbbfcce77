/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/request/create_test.c and tests/system/test_tagstore_export.py. */
#include "request/tag_export.h"

#include "export/query_type.h"
#include "request/resolve.h"

enum { TEXTS_MAX = 4 * 1024 * 1024 };

bool request_tag_export(const struct request_context *context, const struct export_order *order,
                        const struct tag_export *target, bool *truncated, struct error *error)
{
    struct export_run run = {.source = target->source, .output = target->output};
    struct arena *arena = arena_new(TEXTS_MAX);
    bool done = arena != NULL || error_no_memory(error);
    done = done && request_resolve(context, order, arena, &run.query, error) &&
           query_type_run(&run, error);
    *truncated = run.truncated;
    arena_free(arena);
    return done;
}
