/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a command: --name VALUE, --name=VALUE, -x VALUE, switches, and positional arguments.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/error.h"

enum option_type { OPTION_SWITCH, OPTION_TEXT, OPTION_TEXTS, OPTION_NUMBER };

/* The values of an OPTION_TEXTS, which may be repeated. `items` has room for argc texts. */
struct option_texts {
    const char **items;
    size_t count;
};

struct option_spec {
    const char *name; /* without dashes; NULL ends a list */
    char letter;      /* 0: none */
    bool required;
    enum option_type type;
    void *value;      /* bool *, const char **, struct option_texts *, int64_t *: untouched when the
                         option is absent */
    int64_t min, max; /* of a number */
};

/* The positional arguments of a command: it takes from `min` to `max` of them. */
struct positional {
    int min, max;
    const char **words; /* room for `max`; a word that is not given is left untouched */
    int count;          /* of the words that were given */
};

/* Reads argv[1...]. Options and positional arguments may be mixed. "--" ends the options; "-" is a
   positional argument. Only an OPTION_TEXTS may be given twice. `positional` is NULL for a command
   that takes none. ERROR_USAGE: the message names the wrong option, or what is missing. */
bool options_parse(int argc, char **argv, const struct option_spec *specs,
                   struct positional *positional, struct error *error) MUST_CHECK;

#endif
