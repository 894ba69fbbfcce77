/*
 * How a query is written for a server: the Snuba of April 2018 and that of March 2020
 * (spec/tagstore.md, spec/original.md 5). What a dialect cannot say is an error, never a question
 * that is only nearly the same.
 */
#ifndef TAGSTORE_SNUBA_DIALECT_H
#define TAGSTORE_SNUBA_DIALECT_H

#include "base/buffer.h"
#include "tagstore/snuba/query.h"

struct snuba_dialect {
    const char *name;      /* "2018", "2020": what EXPORTD_SNUBA_DIALECT says */
    bool needs_hashes;     /* groups are told by their hashes: `issues` */
    bool null_environment; /* the environment without a name is NULL there */
    size_t orderby_max;    /* sort keys */
    int64_t limit_max;     /* rows an answer; 0: no bound */
};

/* NULL for a name that is none. */
const struct snuba_dialect *snuba_dialect_find(const char *name);

/* The body of the request, as JSON in ASCII. ERROR_QUERY: the dialect has no words for it (a
   column, a function, more than one sort key, `having`, a tag key that no column can be named
   after). ERROR_TOO_LARGE. */
bool snuba_dialect_print(const struct snuba_dialect *dialect, const struct snuba_query *query,
                         struct buffer *body, struct error *error) MUST_CHECK;

/* What the column is called in the answer. `name` is in the arena. */
bool snuba_dialect_column(const struct snuba_dialect *dialect, const struct snuba_column *column,
                          struct arena *arena, const char **name, struct error *error) MUST_CHECK;

#endif
