/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the bytes of a Snuba's answer into typed rows, or into an error whose code says what to do
 * next. No I/O. Text that would break the JSON parser (bad UTF-8, lone surrogates, NUL) is cleaned
 * first, so that one bad tag value does not make a whole page fail.
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
    int64_t number;           /* a number, or a time in microseconds */
    const char *const *texts; /* the values of topK */
    size_t text_count;
};

/* A row has a cell for each groupby column, then one for each aggregation, in the query's order.
   Without groupby there is exactly one row. */
struct snuba_answer {
    struct arena *arena; /* of everything here */
    size_t columns;
    size_t rows;
    size_t size;               /* bytes that the server sent */
    struct snuba_cell *cells;  /* rows x columns */
    bool *mended;              /* for each row: its text was cleaned, and the server's differs */
    struct snuba_cell *totals; /* one row, its groupby cells SNUBA_CELL_NULL; NULL if the query */
                               /* does not ask for totals */
    struct snuba_trouble trouble; /* for the log; set even if snuba_answer_read fails */
};

static inline const struct snuba_cell *snuba_cell(const struct snuba_answer *answer, size_t row,
                                                  size_t column)
{
    return &answer->cells[row * answer->columns + column];
}

/* Whether the text in the first cell of a row is certainly the server's own, by which the server
   also compares. It is not if it was cleaned, or has a U+FFFD: that may stand for other bytes. */
bool snuba_text_is_certain(const struct snuba_answer *answer, size_t row);

/* The server's answer as it came. */
struct snuba_reply {
    int status; /* of HTTP */
    const char *body;
    size_t size;
};

/* Reads the reply to `query` into answer->arena, which the caller sets. Each row must be complete,
   with the right types and times with a zone, and there must not be more rows than the limit. A
   count or a number of distinct values may be quoted. A NULL number of distinct values is 0.
   Besides the answer's text and its cells, only the JSON tree of one row is in memory at a time.

   Errors: those of verdict.h, and
     ERROR_ANSWER    status 200, but the body is no JSON, or is cut
     ERROR_INTERNAL  the JSON does not fit the query: no data, another column, a wrong type
     ERROR_TOO_LARGE the arena is too small */
bool snuba_answer_read(const struct snuba_dialect *dialect, const struct snuba_query *query,
                       const struct snuba_reply *reply, struct snuba_answer *answer,
                       struct error *error) MUST_CHECK;

#endif
