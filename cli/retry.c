/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd retry`: asks again for exports that failed or were cancelled.
 * Tested by tests/system/test_retry.py.
 */
#include "request/retry.h"

#include "cli/each_export.h"
#include "schema/migration.h"

static bool retry_one(void *with, int64_t id, int64_t *result, struct error *error)
{
    struct created_export retried;
    if (!request_retry(with, id, &retried, error))
        return false;
    *result = retried.id;
    return true;
}

bool command_retry(const struct config *config, int argc, char **argv, struct error *error)
{
    const struct caller caller = cli_operator();
    struct request_context context = {
        .caller = &caller, .queue_name = config->queue, .max_queued = config->max_queued};
    struct each_export each = {
        .participle = "retried", .result = "retried_as", .act = retry_one, .with = &context};
    bool done = each_export_parse(&each, argc, argv, error) &&
                cli_connect_pg(config, &context.pg, error) && migration_check(context.pg, error) &&
                each_export_act(&each, error);
    pg_free(context.pg);
    each_export_free(&each);
    return done;
}
