/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the dialects share: the words in which they differ, and the parts of a request
 * that both write alike.
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
    const char *columns[SNUBA_ALIAS]; /* what each kind is called; of SNUBA_TAG the key's part is */
                                      /* added */
    const char *functions[SNUBA_TOP_K];
    bool escapes_literals;                     /* the server itself escapes no more than quotes */
    const char *(*key_there)(const char *key); /* what the server calls a tag */
    const char *(*key_here)(const char *answered); /* and back */
    bool (*is_apart)(const char *key);             /* a tag that is a column and nothing else */
    bool (*check)(const struct snuba_query *query, struct error *error);
    bool (*print)(const struct snuba_printer *printer);
};

extern const struct snuba_dialect snuba_dialect_2018, snuba_dialect_2020;

/* Writes the column's name into `name`. ERROR_QUERY. */
bool snuba_name_column(const struct snuba_dialect *dialect, const struct snuba_column *column,
                       char name[SNUBA_COLUMN_MAX], struct error *error) MUST_CHECK;

/* Whether the query groups by, counts or compares a column of this kind. */
bool snuba_query_uses(const struct snuba_query *query, enum snuba_column_kind kind);

/* Whether an aggregation is over a column of this kind. */
bool snuba_query_counts(const struct snuba_query *query, enum snuba_column_kind kind);

/* Whether the query has an aggregation of that alias. */
bool snuba_query_has_alias(const struct snuba_query *query, const char *alias);

/* ---- parts of the body; all have ERROR_QUERY, ERROR_INVALID and those of buffer_append ---- */

/* `{"name":` or `,"name":` */
bool snuba_print_member(const struct snuba_printer *printer, const char *name) MUST_CHECK;
bool snuba_print_text(const struct snuba_printer *printer, const char *text) MUST_CHECK;
bool snuba_print_number(const struct snuba_printer *printer, int64_t number) MUST_CHECK;
bool snuba_print_numbers(const struct snuba_printer *printer, const int64_t *numbers,
                         size_t count) MUST_CHECK;

/* "2026-11-21T01:30:25": both servers read it as UTC. */
bool snuba_print_time(const struct snuba_printer *printer, int64_t usec) MUST_CHECK;

bool snuba_print_groupby(const struct snuba_printer *printer) MUST_CHECK;
bool snuba_print_aggregations(const struct snuba_printer *printer) MUST_CHECK;

/* The query's own, then those that filter keys are made into. */
bool snuba_print_conditions(const struct snuba_printer *printer) MUST_CHECK;
bool snuba_print_having(const struct snuba_printer *printer) MUST_CHECK;
bool snuba_print_order(const struct snuba_printer *printer,
                       const struct snuba_order *order) MUST_CHECK;

/* Limit and offset, where there are any. */
bool snuba_print_limit(const struct snuba_printer *printer) MUST_CHECK;

#endif
