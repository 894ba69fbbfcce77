/* SPDX-License-Identifier: Apache-2.0 */
#include "request/tag_export.h"

#include "export/query_type.h"
#include "model/project.h"

enum { TEXTS_MAX = 4 * 1024 * 1024 };

/* Names to ids: the query as a worker would get it. An environment that is not there is 0, and the
   export says so. */
static bool make_query(const struct request_context *context, const struct export_order *order,
                       struct arena *arena, struct export_query *query, struct error *error)
{
    *query =
        (struct export_query){.query_type = QUERY_ISSUES_BY_TAG,
                              .limit_kind = order->limit == 0 ? JOB_LIMIT_NONE : JOB_LIMIT_ROWS,
                              .limit = order->limit};
    const struct issues_by_tag_payload payload = {
        .project_id = order->project_id, .group_id = order->group_id, .key = order->key};
    if (order->limit < 0)
        return error_set(error, ERROR_INVALID, "the limit is negative");
    if (!caller_find_organization(context->caller, context->pg, order->organization,
                                  &query->organization_id, error) ||
        !issues_by_tag_payload_write(&payload, arena, &query->query_info, error) ||
        !caller_check_query(context->caller,
                            &(struct caller_query){query->query_type, query->query_info}, arena,
                            error))
        return false;
    if (order->environment == NULL)
        return true;
    query->environment_kind = JOB_ENVIRONMENT_ONE;
    return environment_find(context->pg, query->organization_id, order->environment,
                            &query->environment_id, error);
}

bool request_tag_export(const struct request_context *context, const struct export_order *order,
                        const struct tag_export *target, bool *truncated, struct error *error)
{
    struct export_run run = {.source = target->source, .output = target->output};
    struct arena *arena = arena_new(TEXTS_MAX);
    bool done = arena != NULL || error_no_memory(error);
    done =
        done && make_query(context, order, arena, &run.query, error) && query_type_run(&run, error);
    *truncated = run.truncated;
    arena_free(arena);
    return done;
}
