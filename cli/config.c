/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd config show`: the settings in force, and where each comes from. Secrets are not shown.
 * Tested by tests/system/test_settings.py.
 */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"

/* A value that was given, and that may be a secret. A default is none. */
static bool is_hidden(const struct config_setting *setting, const char *origin)
{
    return setting->secret && origin != NULL;
}

static bool print_json(const struct config_setting *setting, const char *value, const char *origin,
                       struct error *error)
{
    bool hidden = is_hidden(setting, origin);
    json_t *line =
        json_pack("{s:s, s:s?, s:s, s:b}", "name", setting->name, "value", hidden ? NULL : value,
                  "origin", origin == NULL ? "default" : origin, "secret", (int)setting->secret);
    bool done = line != NULL ? json_print_line(line, error) : error_no_memory(error);
    json_decref(line);
    return done;
}

static bool print_setting(void *context, const struct config_setting *setting, const char *value,
                          const char *origin, struct error *error)
{
    const bool *json = context;
    if (*json)
        return print_json(setting, value, origin, error);
    (void)printf("%s=", setting->name);
    text_print(stdout, is_hidden(setting, origin) ? "(hidden)" : value);
    (void)printf("  (");
    text_print(stdout, origin == NULL ? "default" : origin);
    (void)printf(")\n");
    return true;
}

bool command_config(const struct config *config, int argc, char **argv, struct error *error)
{
    bool json = false;
    const char *word = NULL;
    struct positional words = {.min = 1, .max = 1, .words = &word};
    const struct option_spec specs[] = {{.name = "json", .type = OPTION_SWITCH, .value = &json},
                                        {.name = NULL}};
    if (!options_parse(argc, argv, specs, &words, error))
        return false;
    if (!text_equal(word, "show"))
        return error_set(error, ERROR_USAGE, "\"%.40s\": must be show", word);
    return config_for_each(config, print_setting, &json, error);
}
