/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd help` and `exportd version`.
 * Tested by tests/system/test_cli_contract.py.
 */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/help_config.h"
#include "cli/options.h"

static void list_commands(void)
{
    (void)printf("exportd runs the data exports of a Sentry installation.\n\ncommands:\n");
    for (const struct command *command = commands; command->name != NULL; command++)
        (void)printf("  %-11s %s\n", command->name, command->summary);
    (void)printf(
        "\n`exportd help COMMAND` explains one, `exportd help config` the settings.\n"
        "Exit status: 0 done, 1 it failed (the reason is on standard error), 2 wrong usage.\n");
}

bool command_help(const struct config *config, int argc, char **argv, struct error *error)
{
    bool markdown = false;
    const struct option_spec options[] = {{.name = "markdown", .value = &markdown}, {.name = NULL}};
    const char *topic = NULL;
    struct positional words = {.max = 1, .words = &topic};
    (void)config;
    if (!options_parse(argc, argv, options, &words, error))
        return false;
    bool is_config = words.count == 1 && text_equal(topic, "config");
    if (markdown && !is_config)
        return error_set(error, ERROR_USAGE, "--markdown is only for `help config`");
    if (words.count == 0)
        list_commands();
    if (is_config)
        (markdown ? help_config_markdown : help_config_text)();
    if (words.count == 0 || is_config)
        return true;
    for (const struct command *command = commands; command->name != NULL; command++) {
        if (text_equal(command->name, topic)) {
            (void)printf("usage: exportd %s%s%s\n\n%s.\n%s", command->name,
                         command->arguments[0] == '\0' ? "" : " ", command->arguments,
                         command->summary, command->help);
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "no command '%.40s'; `exportd help` lists them", topic);
}

bool command_version(const struct config *config, int argc, char **argv, struct error *error)
{
    static const struct option_spec options[] = {{.name = NULL}};
    (void)config;
    if (!options_parse(argc, argv, options, NULL, error))
        return false;
    (void)printf("exportd %s\n", EXPORTD_VERSION);
    return true;
}
