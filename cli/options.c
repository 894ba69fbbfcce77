/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/text.h"

enum { OPTIONS_MAX = 32 }; /* in the specs of a command */

struct parser {
    int argc;
    char **argv;
    int at; /* the argument being read */
    const struct option_spec *specs;
    bool seen[OPTIONS_MAX];
};

static const struct option_spec *find_name(const struct parser *parser, const char *text,
                                           size_t size)
{
    for (const struct option_spec *spec = parser->specs; spec->name != NULL; spec++)
        if (strlen(spec->name) == size && memcmp(spec->name, text, size) == 0)
            return spec;
    return NULL;
}

static const struct option_spec *find_letter(const struct parser *parser, char letter)
{
    for (const struct option_spec *spec = parser->specs; spec->name != NULL; spec++)
        if (spec->letter != 0 && spec->letter == letter)
            return spec;
    return NULL;
}

static bool store_value(const struct option_spec *spec, const char *text, struct error *error)
{
    if (spec->type == OPTION_TEXT) {
        *(const char **)spec->value = text;
        return true;
    }
    if (spec->type == OPTION_TEXTS) {
        struct option_texts *texts = spec->value;
        texts->items[texts->count++] = text;
        return true;
    }
    if (!text_to_int64(text, spec->min, spec->max, spec->value))
        return error_set(error, ERROR_USAGE,
                         "--%s: not a whole number from %" PRId64 " to %" PRId64, spec->name,
                         spec->min, spec->max);
    return true;
}

/* `inline_value` is the text after "=", or NULL; then the value is the next argument. */
static bool apply_option(struct parser *parser, const struct option_spec *spec,
                         const char *inline_value, struct error *error)
{
    bool *seen = &parser->seen[spec - parser->specs];
    if (*seen && spec->type != OPTION_TEXTS)
        return error_set(error, ERROR_USAGE, "--%s is given twice", spec->name);
    *seen = true;
    if (spec->type == OPTION_SWITCH) {
        if (inline_value != NULL)
            return error_set(error, ERROR_USAGE, "--%s takes no value", spec->name);
        *(bool *)spec->value = true;
        return true;
    }
    if (inline_value == NULL) {
        if (parser->at + 1 >= parser->argc)
            return error_set(error, ERROR_USAGE, "--%s needs a value", spec->name);
        inline_value = parser->argv[++parser->at];
    }
    return store_value(spec, inline_value, error);
}

static bool read_option(struct parser *parser, struct error *error)
{
    const char *argument = parser->argv[parser->at];
    const char *equals = strchr(argument, '=');
    const struct option_spec *spec = NULL;
    if (argument[1] != '-') {
        spec = argument[2] == '\0' ? find_letter(parser, argument[1]) : NULL;
        equals = NULL;
    } else {
        size_t size = equals == NULL ? strlen(argument + 2) : (size_t)(equals - argument - 2);
        spec = find_name(parser, argument + 2, size);
    }
    if (spec == NULL)
        return error_set(error, ERROR_USAGE, "unknown option %.*s",
                         (int)(equals == NULL ? 60 : equals - argument), argument);
    return apply_option(parser, spec, equals == NULL ? NULL : equals + 1, error);
}

static bool check_required(const struct parser *parser, struct error *error)
{
    for (const struct option_spec *spec = parser->specs; spec->name != NULL; spec++)
        if (spec->required && !parser->seen[spec - parser->specs])
            return error_set(error, ERROR_USAGE, "--%s is missing", spec->name);
    return true;
}

bool options_parse(int argc, char **argv, const struct option_spec *specs,
                   struct positional *positional, struct error *error)
{
    struct parser parser = {.argc = argc, .argv = argv, .specs = specs};
    struct positional none = {.max = 0};
    struct positional *words = positional != NULL ? positional : &none;
    bool only_positional = false;
    words->count = 0;
    for (parser.at = 1; parser.at < argc; parser.at++) {
        const char *argument = argv[parser.at];
        bool is_option = !only_positional && argument[0] == '-' && argument[1] != '\0';
        if (is_option && text_equal(argument, "--")) {
            only_positional = true;
        } else if (is_option) {
            if (!read_option(&parser, error))
                return false;
        } else if (words->count < words->max) {
            words->words[words->count++] = argument;
        } else {
            return error_set(error, ERROR_USAGE, "unexpected argument '%.60s'", argument);
        }
    }
    if (words->count < words->min)
        return error_set(error, ERROR_USAGE, "an argument is missing");
    return check_required(&parser, error);
}
