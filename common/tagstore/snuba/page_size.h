/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many rows a page is asked for. Every page costs the server the whole sum, so pages grow while
 * they come quickly, and shrink when they are too much.
 */
#ifndef TAGSTORE_SNUBA_PAGE_SIZE_H
#define TAGSTORE_SNUBA_PAGE_SIZE_H

#include "base/error.h"

struct page_size {
    int64_t rows;   /* of the next page */
    int64_t max;    /* it does not grow beyond */
    int good_pages; /* that have to come before it grows */
};

/* Starts at `rows`, which may be more than `max`: then it never grows. */
struct page_size page_size_of(int64_t rows, int64_t max);

/* A page took so many milliseconds and bytes: where both are few, the next one has twice the rows;
   after a halving only after eight such pages. */
void page_size_came(struct page_size *size, int64_t milliseconds, size_t bytes);

/* Whether an error may be gone with a smaller page: the server had not the memory or the time, or
   its answer was cut. */
bool page_size_is_too_much(const struct error *error);

/* The next page has half of the `asked` rows. */
void page_size_halve(struct page_size *size, int64_t asked);

#endif
