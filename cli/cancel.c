/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd cancel`: ends exports that are not finished.
 * Tested by tests/system/test_cancel.py.
 */
#include "request/cancel.h"

#include "cli/each_export.h"
#include "schema/migration.h"

static bool cancel_one(void *with, int64_t id, int64_t *result, struct error *error)
{
    *result = id;
    return request_cancel(with, id, error);
}

bool command_cancel(const struct config *config, int argc, char **argv, struct error *error)
{
    const struct caller caller = cli_operator();
    struct request_context context = {.caller = &caller};
    struct each_export each = {.participle = "cancelled", .act = cancel_one, .with = &context};
    bool done = each_export_parse(&each, argc, argv, error) &&
                cli_connect_pg(config, &context.pg, error) && migration_check(context.pg, error) &&
                each_export_act(&each, error);
    pg_free(context.pg);
    each_export_free(&each);
    return done;
}
