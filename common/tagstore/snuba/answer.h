/*
 * A Snuba's answer: bytes to typed rows, or to an error whose code says what to do next. No I/O.
 * Text that would break the JSON parser (bad UTF-8, lone surrogates, NUL) is made clean first, so
 * that one bad tag value does not fail a page.
 */
#ifndef TAGSTORE_SNUBA_ANSWER_H
#define TAGSTORE_SNUBA_ANSWER_H

#include "tagstore/snuba/dialect.h"

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
    size_t columns;
    size_t rows;
    struct snuba_cell *cells;  /* rows x columns, in the arena */
    struct snuba_cell *totals; /* columns, when the query asked for them, else NULL */
};

static inline const struct snuba_cell *snuba_cell(const struct snuba_answer *answer, size_t row,
                                                  size_t column)
{
    return &answer->cells[row * answer->columns + column];
}

/* Reads the answer to `query`. Each row has to be whole and of the right types, times with their
   zone, and no more rows than the limit.

   Errors, by the table of spec/original.md 5.6, each with what its user is told and whether trying
   again can help:
     ERROR_BUSY      429, ClickHouse 202: others ask too much; wait
     ERROR_OVERLOAD  ClickHouse 241: too much memory; ask for less
     ERROR_TIMEOUT   ClickHouse 159, 160: took too long; ask for less
     ERROR_AWAY      5xx that is no answer about the query; ClickHouse cannot be reached
     ERROR_ANSWER    200 that is no JSON, or is cut
     ERROR_QUERY     a ClickHouse error that nobody has heard of
     ERROR_EXPORT    the server will never take this query: its sentence is the message
     ERROR_INTERNAL  JSON that is no answer: no data, another column, a wrong type
   Of the server's own text nothing is repeated but type and code. */
bool snuba_answer_read(const struct snuba_dialect *dialect, const struct snuba_query *query,
                       int status, const char *body, size_t size, struct arena *arena,
                       struct snuba_answer *answer, struct error *error) MUST_CHECK;

#endif
