/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dialect prints a query for a server: the Snuba of April 2018, or that of March 2020. If it
 * cannot express a query, that is an error; it never prints a query that is only similar.
 */
#ifndef SNUBA_DIALECT_H
#define SNUBA_DIALECT_H

#include "base/buffer.h"
#include "snuba/query.h"

struct snuba_words;

struct snuba_dialect {
    const char *name;     /* the choice of EXPORTD_SNUBA_DIALECT: "2018" or "2020" */
    bool needs_hashes;    /* a query must list the hashes of its groups: `issues` */
    bool sorts_by_tags;   /* SNUBA_TAGS_VALUE can be a sort key */
    bool refuses_by_html; /* the answer to a refused query is an HTML page with status 400 */
    bool has_limitby;     /* a query can limit the rows per value of a column */
    size_t orderby_max;   /* maximum number of sort keys */
    int64_t limit_max;    /* maximum number of rows of an answer; 0: no maximum */
    const struct snuba_words *words;
};

/* The dialect with this name; NULL: there is none. */
const struct snuba_dialect *snuba_dialect_find(const char *name);

/* Whether a query can name a column SNUBA_TAG for this key, and the column has the tag's own text.
   The key must consist of letters, digits and _.:- only, and must not be a flag (see below) that
   the server stores as text among the tags, too. For any other key a query uses SNUBA_TAGS_KEY and
   SNUBA_TAGS_VALUE, for one key per query. */
bool snuba_dialect_has_tag_column(const struct snuba_dialect *dialect, const char *key);

/* Whether the column is a flag, which the server stores as a number: `os.rooted`, with 1 for "yes"
   and 0 for "no". The conditions of a query and the cells of an answer have these texts. */
bool snuba_column_is_flag(const struct snuba_column *column);

/* Whether the server stores the tag only in a column of its own. There NULL means that the event
   lacks the tag, and SNUBA_TAGS_KEY and SNUBA_TAGS_VALUE do not contain it. */
bool snuba_dialect_tag_is_apart(const struct snuba_dialect *dialect, const char *key);

/* The tag key for a text from an answer's column SNUBA_ALL_TAGS_KEY. The 2018 server stores some
   tags in columns and answers with the names of the columns, which differ from the keys ("release",
   "browser_name"). */
const char *snuba_dialect_tag_key(const struct snuba_dialect *dialect, const char *answered);

/* Writes the body of the request, as JSON in ASCII, into an empty buffer.
   ERROR_QUERY: the dialect cannot express the query (a column, a function, a limit above its
   maximum, more than one sort key, `having`, a tag key that cannot be in the name of a column), or
   the query is not complete (no project, no aggregation, an empty list or time range).
   ERROR_INVALID: a text is not UTF-8. ERROR_TOO_LARGE: the buffer is too small. */
bool snuba_dialect_print(const struct snuba_dialect *dialect, const struct snuba_query *query,
                         struct buffer *body, struct error *error) MUST_CHECK;

/* The column's name in an answer, in `arena`. ERROR_QUERY: it has none in this dialect. */
bool snuba_dialect_column(const struct snuba_dialect *dialect, const struct snuba_column *column,
                          struct arena *arena, const char **name, struct error *error) MUST_CHECK;

#endif
