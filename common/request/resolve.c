/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/request/create_test.c and tests/unit/request/estimate_test.c. */
#include "request/resolve.h"

#include "export/payload.h"
#include "model/exported_data.h"
#include "model/project.h"

enum { NO_ENVIRONMENT = -1 };

static bool write_query_info(const struct export_order *order, int64_t project_id,
                             struct arena *arena, const char **query_info, struct error *error)
{
    const struct issues_by_tag_payload payload = {
        .project_id = project_id, .group_id = order->group_id, .key = order->key};
    switch (order->query_type) {
    case QUERY_ISSUES_BY_TAG:
        return issues_by_tag_payload_write(&payload, arena, query_info, error);
    case QUERY_DISCOVER:
        return json_is_object(order->query_info)
                   ? payload_write_object(order->query_info, arena, query_info, error)
                   : error_set(error, ERROR_INVALID, "query_info is not a JSON object");
    default:
        return error_set(error, ERROR_INVALID, "there is no query type %" PRId64,
                         order->query_type);
    }
}

/* An unknown name becomes NO_ENVIRONMENT. */
static bool find_environment(struct pg *pg, const char *name, struct export_query *query,
                             struct error *error)
{
    int64_t *id = &query->environment_id;
    if (name == NULL)
        return true;
    if (!environment_find(pg, query->organization_id, name, id, error))
        return false;
    if (*id == 0)
        *id = NO_ENVIRONMENT;
    return true;
}

bool request_resolve(const struct request_context *context, const struct export_order *order,
                     struct arena *arena, struct export_query *query, struct error *error)
{
    int64_t project_id = order->project_id;
    *query = (struct export_query){.query_type = order->query_type, .limit = order->limit};
    if (order->limit < 0)
        return error_set(error, ERROR_INVALID, "the limit is negative");
    return caller_find_organization(context->caller, context->pg, order->organization,
                                    &query->organization_id, error) &&
           (order->project == NULL || project_find(context->pg, query->organization_id,
                                                   order->project, &project_id, error)) &&
           write_query_info(order, project_id, arena, &query->query_info, error) &&
           caller_check_query(context->caller,
                              &(struct caller_query){query->query_type, query->query_info}, arena,
                              error) &&
           find_environment(context->pg, order->environment, query, error);
}
