/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd tag-export`: writes an issues-by-tag export to standard output.
 * Tested by tests/system/test_tagstore_export.py and tests/system/test_cli_contract.py.
 */
#include "request/tag_export.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "tagstore/choose.h"

#include <unistd.h>

static bool parse_options(int argc, char **argv, struct export_order *order, struct error *error)
{
    const struct option_spec specs[] = {
        {"organization", 0, true, OPTION_TEXT, &order->organization, 0, 0},
        {"project", 0, true, OPTION_TEXT, &order->project, 0, 0},
        {"group", 0, true, OPTION_NUMBER, &order->group_id, INT64_MIN, INT64_MAX},
        {"key", 0, true, OPTION_TEXT, &order->key, 0, 0},
        {"environment", 0, false, OPTION_TEXT, &order->environment, 0, 0},
        {"limit", 0, false, OPTION_NUMBER, &order->limit, 0, INT64_MAX},
        {.name = NULL},
    };
    return options_parse(argc, argv, specs, NULL, error);
}

bool command_tag_export(const struct config *config, int argc, char **argv, struct error *error)
{
    struct export_order order = {.limit = 0};
    struct request_context context = {.caller = &caller_operator};
    struct tag_export target = {.source = {.page_size = (size_t)config->page_size},
                                .output = {.format = row_format_default(),
                                           .options.formula_guard = config->csv_formula_guard}};
    struct pg *tag_pg = NULL;
    bool truncated = false;
    if (!parse_options(argc, argv, &order, error))
        return false;
    bool done = cli_connect_pg(config, &context.pg, error) &&
                cli_connect_pg(config, &tag_pg, error) &&
                tagstore_new(config, config->tagstore, tag_pg, &target.source.tagstore, error);
    target.source.pg = context.pg;
    /* Without the bound of the worker's files, which is what a row of sentry_file can hold. */
    target.output.sink = sink_to_descriptor(STDOUT_FILENO, INT64_MAX);
    done = done && (target.output.sink != NULL || error_no_memory(error)) &&
           request_tag_export(&context, &order, &target, &truncated, error);
    if (done && truncated)
        (void)fprintf(stderr, "truncated: there are more than %" PRId64 " row%s\n", order.limit,
                      text_plural(order.limit));
    sink_free(target.output.sink);
    tagstore_free(target.source.tagstore);
    pg_free(tag_pg);
    pg_free(context.pg);
    return done;
}
