/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Snuba's answer: bytes to typed rows, or to an error whose code says what to do next. No I/O.
 * Text that would break the JSON parser (bad UTF-8, lone surrogates, NUL) is made clean first, so
 * that one bad tag value does not fail a page.
 */
#ifndef SNUBA_ANSWER_H
#define SNUBA_ANSWER_H

#include "snuba/dialect.h"
#include "snuba/verdict.h"

enum snuba_cell_kind {
    SNUBA_CELL_NULL,
    SNUBA_CELL_TEXT,
    SNUBA_CELL_NUMBER,
    SNUBA_CELL_TIME,
    SNUBA_CELL_TEXTS
};

struct snuba_cell {
    enum snuba_cell_kind kind;
    const char *text; /* NUL-terminated */
    size_t size;
    int64_t number;           /* a number, or microseconds */
    const char *const *texts; /* of topK */
    size_t text_count;
};

/* Rows of as many cells as the query groups by and counts: first the groupby columns, then the
   aggregations, in the query's order. Without groupby there is exactly one row. */
struct snuba_answer {
    struct arena *arena; /* where all is */
    size_t columns;
    size_t rows;
    size_t size;               /* bytes that the server sent */
    struct snuba_cell *cells;  /* rows x columns */
    bool *mended;              /* rows whose text is not what the server has: it was made clean */
    struct snuba_cell *totals; /* columns (the groupby columns NULL), when the query asked for */
                               /* them, else NULL */
    struct snuba_trouble trouble; /* for the log, filled also when snuba_answer_read fails */
};

static inline const struct snuba_cell *snuba_cell(const struct snuba_answer *answer, size_t row,
                                                  size_t column)
{
    return &answer->cells[row * answer->columns + column];
}

/* Whether the text in the first cell of a row is beyond doubt what the server has, and compares
   with: it was not made clean, and has no U+FFFD, which may stand there for anything. */
bool snuba_text_is_certain(const struct snuba_answer *answer, size_t row);

/* What the server sent. */
struct snuba_reply {
    int status; /* of HTTP */
    const char *body;
    size_t size;
};

/* Reads the reply to `query` into answer->arena, which the caller has set. Each row has to be whole
   and of the right types, times with their zone, and no more rows than the limit. A count or a
   number of distinct values may be quoted; distinct values of nothing, which may be NULL, are 0.
   Beside the answer's text and its cells only one row's tree is in memory at a time.

   Errors: those of verdict.h, and
     ERROR_ANSWER    200 that is no JSON, or is cut
     ERROR_INTERNAL  JSON that is no answer: no data, another column, a wrong type
     ERROR_TOO_LARGE the arena is too small */
bool snuba_answer_read(const struct snuba_dialect *dialect, const struct snuba_query *query,
                       const struct snuba_reply *reply, struct snuba_answer *answer,
                       struct error *error) MUST_CHECK;

#endif
