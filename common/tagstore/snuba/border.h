/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The border between two pages of values: each page asks for the values behind it. The border is
 * the last value that was taken. If this value is too long for a request, the border is its
 * beginning. The beginning sorts before the value, so a page may repeat rows that were taken
 * already; these are left out.
 */
#ifndef TAGSTORE_SNUBA_BORDER_H
#define TAGSTORE_SNUBA_BORDER_H

#include "base/buffer.h"
#include "snuba/answer.h"

/* Bytes of a border in a request: at first, and at most. A byte of the value may need four.
   ClickHouse reads 256 KiB of a query, and hashes may take more than half of it. */
#define BORDER_FIRST 4096
#define BORDER_MAX   100000

struct border {
    struct buffer last;  /* the last value that was taken */
    struct buffer asked; /* the border: `last`, or its beginning */
    size_t bytes;        /* the most bytes of `asked` in a request */
    bool is_set;         /* a value was taken */
};

/* The new rows of a page. The rows before `first` were taken already. `end` is behind the last new
   row whose value is certain (snuba_text_is_certain); 0 if there is none. */
struct border_rows {
    size_t first, end;
};

void border_init(struct border *border);
void border_free(struct border *border);

/* Finds the new rows of a page by the values in their first cells. Returns false if a cell has no
   text, or if a value does not sort behind the one before it or behind the border: then the
   server does not sort as it compares. Uncertain values are not compared. */
bool border_judge(const struct border *border, const struct snuba_answer *answer,
                  struct border_rows *rows) MUST_CHECK;

/* Moves the border to `value`. ERROR_AWAY without memory. */
bool border_move(struct border *border, const char *value, struct error *error) MUST_CHECK;

/* For a page without a new value: doubles the length that the border may have. *done is false if
   the border stays the same, because it is the whole value already, or as long as it can be. Errors
   as border_move. */
bool border_lengthen(struct border *border, bool *done, struct error *error) MUST_CHECK;

/* The text behind which the next page starts; "" before the first border_move. */
const char *border_text(const struct border *border);

/* Whether the border is the whole value. */
bool border_is_whole(const struct border *border);

#endif
