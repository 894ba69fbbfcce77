/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd help` and `exportd version`.
 * Tested by tests/system/test_cli_contract.py.
 */
#include "cli/help.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"

/* The forms of help, by option. */
static const struct form {
    const char *option; /* NULL: without one */
    bool of_settings;   /* of `help config`; else of `help` */
    void (*print)(void);
} forms[] = {
    {NULL, false, help_commands_text},
    {"--man", false, help_commands_man},
    {"--bash", false, help_commands_bash},
    {"--zsh", false, help_commands_zsh},
    {NULL, true, help_settings_text},
    {"--man", true, help_settings_man},
    {"--markdown", true, help_settings_markdown},
    {"--env", true, help_settings_env},
};

static bool print_form(bool of_settings, const char *option, struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
        if (forms[i].of_settings != of_settings ||
            !text_equal(forms[i].option == NULL ? "" : forms[i].option, option))
            continue;
        forms[i].print();
        return true;
    }
    return error_set(error, ERROR_USAGE, "`help%s` has no %.40s", of_settings ? " config" : "",
                     option);
}

static bool explain(const char *name, struct error *error)
{
    for (const struct command *command = commands; command->name != NULL; command++) {
        if (!text_equal(command->name, name))
            continue;
        (void)printf("usage: exportd %s%s%s\n\n%s.\n%s", command->name,
                     command->arguments[0] == '\0' ? "" : " ", command->arguments, command->summary,
                     command->help);
        return true;
    }
    return error_set(error, ERROR_USAGE, "no command '%.40s'; `exportd help` lists them", name);
}

bool command_help(const struct config *config, int argc, char **argv, struct error *error)
{
    const char *topic = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    const char *option = argc > (topic == NULL ? 1 : 2) ? argv[topic == NULL ? 1 : 2] : "";
    bool of_settings = topic != NULL && text_equal(topic, "config");
    (void)config;
    if (argc > (topic == NULL ? 2 : 3))
        return error_set(error, ERROR_USAGE, "too many words");
    if (of_settings && option[0] == '\0' && !explain(topic, error))
        return false;
    if (topic == NULL || of_settings)
        return print_form(of_settings, option, error);
    if (option[0] != '\0')
        return error_set(error, ERROR_USAGE, "unexpected: %.40s", option);
    return explain(topic, error);
}

bool command_version(const struct config *config, int argc, char **argv, struct error *error)
{
    bool json = false;
    const struct option_spec options[] = {{.name = "json", .value = &json}, {.name = NULL}};
    (void)config;
    if (!options_parse(argc, argv, options, NULL, error))
        return false;
    (void)puts(json ? "{\"version\":\"" EXPORTD_VERSION "\"}" : "exportd " EXPORTD_VERSION);
    return true;
}
