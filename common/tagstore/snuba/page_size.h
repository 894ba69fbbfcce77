/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many rows the next page asks for. Each page costs the server the whole sum. So pages grow
 * while they come fast, and shrink when they are too much for the server.
 */
#ifndef TAGSTORE_SNUBA_PAGE_SIZE_H
#define TAGSTORE_SNUBA_PAGE_SIZE_H

#include "base/error.h"

struct page_size {
    int64_t rows;   /* of the next page */
    int64_t max;    /* the page does not grow beyond */
    int good_pages; /* how many good pages must come before the page grows */
};

/* Starts at `rows`. If this is more than `max`, the page never grows. */
struct page_size page_size_of(int64_t rows, int64_t max);

/* Records the time and the bytes that a page took. If both are small, the next page asks for twice
   the rows; after a halving only after eight such pages. */
void page_size_came(struct page_size *size, int64_t milliseconds, size_t bytes);

/* Whether a smaller page may avoid this error: the server had not enough memory or time, or its
   answer was cut. */
bool page_size_is_too_much(const struct error *error);

/* The next page asks for half of the `asked` rows. */
void page_size_halve(struct page_size *size, int64_t asked);

#endif
