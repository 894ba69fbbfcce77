/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the files of the dialects only: the table of the words in which they differ, and the parts of
 * a request that both print in the same way.
 */
#ifndef SNUBA_DIALECT_PRINT_H
#define SNUBA_DIALECT_PRINT_H

#include "snuba/dialect.h"

#define SNUBA_COLUMN_MAX 512 /* bytes of a column's name with its NUL */

struct snuba_printer {
    const struct snuba_dialect *dialect;
    const struct snuba_query *query;
    struct buffer *body;
    struct error *error;
};

struct snuba_words {
    const char *columns[SNUBA_ALIAS]; /* the name of each kind, except SNUBA_TAG: tags[KEY] */
    const char *functions[SNUBA_TOP_K];
    /* Prints a text of a condition. ERROR_INVALID: it is not UTF-8. */
    bool (*print_literal)(const struct snuba_printer *printer, const char *text);
    const char *(*key_there)(const char *key);     /* the server's name of a tag */
    const char *(*key_here)(const char *answered); /* the tag for a name of the server */
    bool (*is_apart)(const char *key);             /* see snuba_dialect_tag_is_apart */
    bool (*check)(const struct snuba_query *query, struct error *error);
    bool (*print)(const struct snuba_printer *printer);
};

extern const struct snuba_dialect snuba_dialect_2018, snuba_dialect_2020;

/* Writes the column's name. ERROR_QUERY: the key cannot be in a name, or the name is too long. */
bool snuba_name_column(const struct snuba_dialect *dialect, const struct snuba_column *column,
                       char name[SNUBA_COLUMN_MAX], struct error *error) MUST_CHECK;

/* Whether the query groups by, aggregates or compares a column of this kind. */
bool snuba_query_uses(const struct snuba_query *query, enum snuba_column_kind kind);

/* Whether an aggregation of the query is over a column of this kind. */
bool snuba_query_counts(const struct snuba_query *query, enum snuba_column_kind kind);

/* Whether the query has an aggregation of that alias. */
bool snuba_query_has_alias(const struct snuba_query *query, const char *alias);

/* ---- parts of the body; their errors: ERROR_QUERY, ERROR_INVALID, those of buffer_append ---- */

/* Writes `{"name":` if the body is empty, else `,"name":`. */
bool snuba_print_member(const struct snuba_printer *printer, const char *name) MUST_CHECK;
bool snuba_print_text(const struct snuba_printer *printer, const char *text) MUST_CHECK;
bool snuba_print_number(const struct snuba_printer *printer, int64_t number) MUST_CHECK;
bool snuba_print_numbers(const struct snuba_printer *printer, const int64_t *numbers,
                         size_t count) MUST_CHECK;

/* Writes "2026-11-21T01:30:25", which both servers read as UTC. */
bool snuba_print_time(const struct snuba_printer *printer, int64_t usec) MUST_CHECK;

bool snuba_print_groupby(const struct snuba_printer *printer) MUST_CHECK;
bool snuba_print_aggregations(const struct snuba_printer *printer) MUST_CHECK;

/* Writes the query's conditions, then those for its projects, environments and groups. */
bool snuba_print_conditions(const struct snuba_printer *printer) MUST_CHECK;
bool snuba_print_having(const struct snuba_printer *printer) MUST_CHECK;
bool snuba_print_order(const struct snuba_printer *printer,
                       const struct snuba_order *order) MUST_CHECK;

/* Writes limit and offset, if the query has them. */
bool snuba_print_limit(const struct snuba_printer *printer) MUST_CHECK;

#endif
