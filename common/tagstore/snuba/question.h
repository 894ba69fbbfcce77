/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question to Snuba that is put together step by step, and its answer. The answer is complete and
 * in the promised order, whatever the server's limits are and however many keys the server sorts
 * by. Everything is in the question's arena.
 */
#ifndef TAGSTORE_SNUBA_QUESTION_H
#define TAGSTORE_SNUBA_QUESTION_H

#include "tagstore/snuba/operations.h"
#include "tagstore/snuba/translate.h"

/* Rows per request, if a list has no limit. An overloaded server is asked for fewer, down to the
   minimum. */
#define SNUBA_PAGE     10000
#define SNUBA_PAGE_MIN 100

struct snuba_question {
    struct snuba_tagstore *store;
    struct arena *arena;
    struct snuba_query query; /* the caller sets groupby, aggregations, orderby and limit */
    struct snuba_any_of *conditions;
    size_t room; /* for conditions; grows when it is full */
};

/* Starts a question: translates the scope (translate.h), and sets the limit to -1 (none is
   sent). */
bool snuba_question_start(struct snuba_question *question, struct tagstore *store,
                          const struct snuba_scope *scope, struct arena *arena,
                          struct error *error) MUST_CHECK;

/* The scope of a place: its project, and its group and environment if they are not 0. `referrer`
   names the method that asks. */
struct snuba_scope snuba_scope_of(const struct tag_place *place, const char *referrer);

/* ---- conditions ---- */

/* At least one of these conditions must hold. They must live as long as the question. */
bool snuba_question_any_of(struct snuba_question *question,
                           const struct snuba_condition *conditions, size_t count,
                           struct error *error) MUST_CHECK;

/* Adds a condition on one text, or on several texts (SNUBA_IN). */
bool snuba_question_text(struct snuba_question *question, struct snuba_column column,
                         enum snuba_operator compare, const char *text,
                         struct error *error) MUST_CHECK;
bool snuba_question_texts(struct snuba_question *question, struct snuba_column column,
                          const char *const *texts, size_t count, struct error *error) MUST_CHECK;

/* The event must have the key. *value is the column of its values, which are not "" then. Adds at
   most two conditions. */
bool snuba_question_has_key(struct snuba_question *question, const char *key,
                            struct snuba_column *value, struct error *error) MUST_CHECK;

/* The key must have this value. */
bool snuba_question_has_value(struct snuba_question *question, const char *key, const char *value,
                              struct snuba_column *column, struct error *error) MUST_CHECK;

/* ---- aggregations ---- */

/* count, first_seen and last_seen: the cells 1, 2 and 3, after the groupby column. */
enum { SNUBA_SUMS = 3 };
extern const struct snuba_aggregation snuba_sums[SNUBA_SUMS];
extern const struct snuba_aggregation snuba_count[1];

/* ---- answers ---- */

struct snuba_rows {
    struct snuba_cell *cells; /* count x columns */
    size_t columns;
    size_t count, room;
};

/* Compares two rows for qsort. The arguments are their first cells. */
typedef int snuba_compare(const void *a, const void *b);

static inline const struct snuba_cell *snuba_row(const struct snuba_rows *rows, size_t i)
{
    return &rows->cells[i * rows->columns];
}

/* Reads all rows, page by page along the only groupby column, and sorts them by `compare`. A query
   by groups leaves out the events without a group. If its scope has no group, it covers all groups
   of its only project. */
bool snuba_question_all(struct snuba_question *question, snuba_compare *compare,
                        struct snuba_rows *rows, struct error *error) MUST_CHECK;

/* Which rows come first. The orderby of the query is the order of `compare`. Its first key is an
   alias; `cell` is the number of this alias's cell. */
struct snuba_top {
    snuba_compare *compare;
    size_t cell;
    int64_t limit; /* 0: all rows */
};

/* Reads the first `limit` rows. If the server sorts by one key only, more rows are read until it is
   certain which come first. */
bool snuba_question_top(struct snuba_question *question, const struct snuba_top *top,
                        struct snuba_rows *rows, struct error *error) MUST_CHECK;

/* The value of a row that has a groupby column and the sums. If value_or_null is NULL, the value is
   the text of the first cell. */
struct group_tag_value snuba_take_value(const struct snuba_cell *cells, int64_t group_id,
                                        const char *value_or_null);

/* The groups of rows whose first cell is a group, in the order of the rows. */
bool snuba_take_groups(const struct snuba_rows *rows, struct tag_id_list *group_ids,
                       struct error *error) MUST_CHECK;

/* Comparisons for qsort of rows whose first cell is a text or a number. */
int snuba_compare_texts(const void *a, const void *b); /* bytewise */
int snuba_compare_numbers(const void *a, const void *b);

/* Comparisons of two cells: < 0, 0, > 0. */
int snuba_order_texts(const struct snuba_cell *a, const struct snuba_cell *b);
int snuba_order_numbers(const struct snuba_cell *a, const struct snuba_cell *b);

#endif
