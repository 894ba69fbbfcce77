/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd worker`: runs a worker (worker/worker.h).
 * Tested by tests/system/test_worker.py and tests/system/test_start.py.
 */
#include "worker/worker.h"

#include "cli/cli.h"
#include "cli/options.h"

bool command_worker(const struct config *config, int argc, char **argv, struct error *error)
{
    struct worker_options options = {.concurrency = config->concurrency,
                                     .version = EXPORTD_VERSION};
    const struct option_spec specs[] = {
        {"concurrency", 0, false, OPTION_NUMBER, &options.concurrency, 1, 64},
        {"drain", 0, false, OPTION_SWITCH, &options.drain, 0, 0},
        {"ignore-mail", 0, false, OPTION_SWITCH, &options.ignore_mail, 0, 0},
        {.name = NULL},
    };
    if (!options_parse(argc, argv, specs, NULL, error))
        return false;
    if (options.ignore_mail && !options.drain)
        return error_set(error, ERROR_USAGE, "--ignore-mail goes with --drain");
    return worker_run(config, &options, error);
}
