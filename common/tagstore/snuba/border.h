/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The border between two pages of values: each page asks for what is behind it. It is the last
 * value that was taken or, of one that is too long for a request, its beginning. That is sorted
 * before the value, so rows that were taken already may come again, and are left out.
 */
#ifndef TAGSTORE_SNUBA_BORDER_H
#define TAGSTORE_SNUBA_BORDER_H

#include "base/buffer.h"
#include "snuba/answer.h"

/* Bytes of a border in a request, where a byte may need four: at first, and at most (ClickHouse
   reads 256 KiB of a query, of which hashes may take more than half). */
#define BORDER_FIRST 4096
#define BORDER_MAX   100000

struct border {
    struct buffer last;  /* the last value that was taken */
    struct buffer asked; /* itself, or its beginning */
    size_t bytes;        /* of `asked` in a request at most */
    bool is_set;         /* a value was taken */
};

/* The rows of a page: those before `first` were taken already; `end` is behind the last new one
   that is beyond doubt (snuba_text_is_certain), 0 if there is none. */
struct border_rows {
    size_t first, end;
};

void border_init(struct border *border);
void border_free(struct border *border);

/* Looks at the values in the first cells of a page. False: one of them is none, or not behind the
   one before it or the border: the server's order is not that of its comparison. */
bool border_judge(const struct border *border, const struct snuba_answer *answer,
                  struct border_rows *rows) MUST_CHECK;

/* The border is behind `value`. ERROR_AWAY without memory. */
bool border_move(struct border *border, const char *value, struct error *error) MUST_CHECK;

/* After a page without a new value: doubles what may be asked for. *done is false where that
   changes nothing: it is the whole value already, or as long as can be. Errors as border_move. */
bool border_lengthen(struct border *border, bool *done, struct error *error) MUST_CHECK;

/* What the next page is to be behind: "" at first. */
const char *border_text(const struct border *border);

/* Whether that is the whole value. */
bool border_is_whole(const struct border *border);

#endif
