/* SPDX-License-Identifier: Apache-2.0 */
/* The methods that `exportd tagstore` knows, and what each is given. */
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

/* A question on its way: what was asked, and what answers it. */
struct request {
    struct option_texts given[ARGUMENTS]; /* in the order of the command line */
    struct arena *arena;
    int64_t *project_ids, *group_ids; /* those given */
    struct tag_place place;           /* first project and group; environment, key, value */
    int64_t limit;                    /* 0: no limit */
    size_t page_size;
    struct tagstore *store;
    struct printer printer;
};

struct method {
    const char *name;
    unsigned needed, optional; /* bits of arguments */
    unsigned repeated;         /* which of them may be given several times */
    int64_t limit;             /* where none is given; 0: no limit */
    const char *meaning;
    bool (*run)(const struct request *request, struct error *error); /* prints the answer */
};

/* One without a name ends the list. */
extern const struct method tagstore_methods[];

#endif
