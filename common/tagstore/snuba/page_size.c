/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/snuba/page_size.h"

enum { GOOD_MS = 2000, GOOD_BYTES = 4 * 1024 * 1024, GOOD_PAGES_AFTER_HALVING = 8 };

struct page_size page_size_of(int64_t rows, int64_t max)
{
    return (struct page_size){.rows = rows, .max = max > rows ? max : rows, .good_pages = 1};
}

void page_size_came(struct page_size *size, int64_t milliseconds, size_t bytes)
{
    if (milliseconds >= GOOD_MS || bytes >= GOOD_BYTES)
        return;
    if (size->good_pages > 1)
        size->good_pages--;
    else if (size->rows < size->max)
        size->rows = size->rows * 2 < size->max ? size->rows * 2 : size->max;
}

bool page_size_is_too_much(const struct error *error)
{
    return error->code == ERROR_OVERLOAD || error->code == ERROR_TIMEOUT ||
           error->code == ERROR_ANSWER;
}

void page_size_halve(struct page_size *size, int64_t asked)
{
    size->rows = asked / 2;
    size->good_pages = GOOD_PAGES_AFTER_HALVING;
}
