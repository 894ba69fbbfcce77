/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a query is written for a server: the Snuba of April 2018 and that of March 2020.
 * What a dialect cannot say is an error, never a question that is only nearly the same.
 */
#ifndef SNUBA_DIALECT_H
#define SNUBA_DIALECT_H

#include "base/buffer.h"
#include "snuba/query.h"

struct snuba_words;

struct snuba_dialect {
    const char *name;     /* "2018", "2020": what EXPORTD_SNUBA_DIALECT says */
    bool needs_hashes;    /* groups are told by their hashes: `issues` */
    bool sorts_by_tags;   /* SNUBA_TAGS_VALUE can be a sort key */
    bool refuses_by_html; /* a refused query's answer is a page with status 400 */
    bool has_limitby;     /* the rows of each value of a column can be bounded */
    size_t orderby_max;   /* sort keys */
    int64_t limit_max;    /* rows an answer; 0: no bound */
    const struct snuba_words *words;
};

/* NULL for a name that is none. */
const struct snuba_dialect *snuba_dialect_find(const char *name);

/* Whether a column SNUBA_TAG can be named after the key, and has the tag's own text: it consists of
   letters, digits and _.:- only, and is no flag that 2020 has as a text too. Any other key can be
   asked for by SNUBA_TAGS_KEY and SNUBA_TAGS_VALUE, one in a query. */
bool snuba_dialect_has_tag_column(const struct snuba_dialect *dialect, const char *key);

/* Whether the server keeps the column as a number: `os.rooted`, which is 1 for "yes", 0 for "no"
   and nothing else. Conditions and answers have the texts. */
bool snuba_column_is_flag(const struct snuba_column *column);

/* Whether the server keeps the tag in a column only: there NULL is no tag, and the columns
   SNUBA_TAGS_KEY and SNUBA_TAGS_VALUE do not know it. */
bool snuba_dialect_tag_is_apart(const struct snuba_dialect *dialect, const char *key);

/* The key that is meant by a text in an answer's column SNUBA_ALL_TAGS_KEY: the 2018 server keeps
   some tags in columns whose names are not quite those of the tags ("release", "browser_name"). */
const char *snuba_dialect_tag_key(const struct snuba_dialect *dialect, const char *answered);

/* Writes the body of the request, as JSON in ASCII, into an empty buffer. ERROR_QUERY: the dialect
   has no words for it (a column, a function, a limit beyond its bound, more than one sort key,
   `having`, a tag key that no column can be named after), or the query is none (no project, no
   aggregation, an empty list or time window). ERROR_INVALID: a text is not UTF-8. ERROR_TOO_LARGE.
 */
bool snuba_dialect_print(const struct snuba_dialect *dialect, const struct snuba_query *query,
                         struct buffer *body, struct error *error) MUST_CHECK;

/* What the column is called in the answer. `name` is in the arena. ERROR_QUERY. */
bool snuba_dialect_column(const struct snuba_dialect *dialect, const struct snuba_column *column,
                          struct arena *arena, const char **name, struct error *error) MUST_CHECK;

#endif
