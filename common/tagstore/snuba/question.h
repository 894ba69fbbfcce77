/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question to the store's Snuba while it is put together, and its answer: complete and in the
 * promised order, whatever the server's limits and however many keys it sorts by. Everything is in
 * the question's arena.
 */
#ifndef TAGSTORE_SNUBA_QUESTION_H
#define TAGSTORE_SNUBA_QUESTION_H

#include "tagstore/snuba/operations.h"
#include "tagstore/snuba/translate.h"

/* Rows a request, where a list has no end of its own; fewer for a while when that is too much. */
#define SNUBA_PAGE     10000
#define SNUBA_PAGE_MIN 100

struct snuba_question {
    struct snuba_tagstore *store;
    struct arena *arena;
    struct snuba_query query; /* groupby, aggregations, orderby, limit: the caller's to set */
    struct snuba_any_of *conditions;
    size_t room; /* for conditions; more is made when it is full */
};

/* Translates the scope (translate.h). The limit is -1. */
bool snuba_question_start(struct snuba_question *question, struct tagstore *store,
                          const struct snuba_scope *scope, struct arena *arena,
                          struct error *error) MUST_CHECK;

/* The scope of a place: its group and environment, if it has them. `referrer`: the method that
   asks. */
struct snuba_scope snuba_scope_of(const struct tag_place *place, const char *referrer);

/* ---- conditions ---- */

/* One of the conditions has to hold; they live as long as the question. */
bool snuba_question_any_of(struct snuba_question *question,
                           const struct snuba_condition *conditions, size_t count,
                           struct error *error) MUST_CHECK;

/* A condition over one text, or over several (SNUBA_IN). */
bool snuba_question_text(struct snuba_question *question, struct snuba_column column,
                         enum snuba_operator compare, const char *text,
                         struct error *error) MUST_CHECK;
bool snuba_question_texts(struct snuba_question *question, struct snuba_column column,
                          const char *const *texts, size_t count, struct error *error) MUST_CHECK;

/* The event has the key; *value is the column of its values, which are not "" then. Two conditions
   at most. */
bool snuba_question_has_key(struct snuba_question *question, const char *key,
                            struct snuba_column *value, struct error *error) MUST_CHECK;

/* The key has this value. */
bool snuba_question_has_value(struct snuba_question *question, const char *key, const char *value,
                              struct snuba_column *column, struct error *error) MUST_CHECK;

/* ---- aggregations ---- */

/* count, first_seen and last_seen: behind the groupby column the cells 1, 2 and 3. */
enum { SNUBA_SUMS = 3 };
extern const struct snuba_aggregation snuba_sums[SNUBA_SUMS];
extern const struct snuba_aggregation snuba_count[1];

/* ---- answers ---- */

struct snuba_rows {
    struct snuba_cell *cells; /* count x columns, without gaps */
    size_t columns;
    size_t count, room;
};

/* Compares two rows, given their first cells, for qsort. */
typedef int snuba_compare(const void *a, const void *b);

static inline const struct snuba_cell *snuba_row(const struct snuba_rows *rows, size_t i)
{
    return &rows->cells[i * rows->columns];
}

/* All rows, page by page along the only groupby column, sorted by `compare`. A query by groups
   leaves out the events without a group, and goes through all groups of its (one) project where the
   scope has none. */
bool snuba_question_all(struct snuba_question *question, snuba_compare *compare,
                        struct snuba_rows *rows, struct error *error) MUST_CHECK;

/* Which rows come first. The query's orderby says the same as `compare`; its first key is an alias
   whose cell is number `cell`. */
struct snuba_top {
    snuba_compare *compare;
    size_t cell;
    int64_t limit; /* 0: all rows */
};

/* The first `limit` of these rows. Where the server sorts by one key only, more rows are asked for
   until it is sure which come first. */
bool snuba_question_top(struct snuba_question *question, const struct snuba_top *top,
                        struct snuba_rows *rows, struct error *error) MUST_CHECK;

/* A row of a groupby column and the sums; a value that is NULL comes from the cell. */
struct group_tag_value snuba_take_value(const struct snuba_cell *cells, int64_t group_id,
                                        const char *value_or_null);

/* The groups of rows whose first cell is one, in their order. */
bool snuba_take_groups(const struct snuba_rows *rows, struct tag_id_list *group_ids,
                       struct error *error) MUST_CHECK;

/* Comparisons of such rows, and of others whose first cell is a text or a number. */
int snuba_compare_texts(const void *a, const void *b);   /* by the first cell, bytewise */
int snuba_compare_numbers(const void *a, const void *b); /* by the first cell */

/* < 0, 0, > 0 */
int snuba_order_texts(const struct snuba_cell *a, const struct snuba_cell *b);
int snuba_order_numbers(const struct snuba_cell *a, const struct snuba_cell *b);

#endif
