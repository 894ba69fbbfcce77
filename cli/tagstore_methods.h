/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of `exportd tagstore`, and the arguments that each takes. */
#ifndef CLI_TAGSTORE_METHODS_H
#define CLI_TAGSTORE_METHODS_H

#include "cli/options.h"
#include "cli/tagstore_print.h"
#include "tagstore/tagstore.h"

/* The options, in the order in which a usage line shows them. */
enum argument {
    PROJECT,
    GROUP,
    ENVIRONMENT,
    KEY,
    VALUE,
    TAG,
    ANY,
    EMPTY,
    VERSION,
    IDENT,
    EMAIL,
    USERNAME,
    IP,
    LIMIT,
    ARGUMENTS
};

#define BIT(argument) (1u << (argument))

/* What was asked, and the tagstore and the printer for the answer. */
struct request {
    struct option_texts given[ARGUMENTS]; /* in the order of the command line */
    struct arena *arena;
    int64_t *project_ids, *group_ids; /* all that were given */
    struct tag_place place;           /* first project and group; environment, key, value */
    int64_t limit;                    /* 0: no limit */
    size_t page_size;
    struct tagstore *store;
    struct printer printer;
};

struct method {
    const char *name;
    unsigned needed, optional; /* bits of arguments */
    unsigned repeated;         /* bits of those that may be given several times */
    int64_t limit;             /* unless --limit is given; 0: no limit */
    const char *meaning;
    bool (*run)(const struct request *request, struct error *error); /* prints the answer */
};

/* An entry without a name ends the list. */
extern const struct method tagstore_methods[];

#endif
