/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All values of a key, page by page along the values themselves: each page asks for what is behind
 * the last value of the one before, so that nothing is read twice or left out whatever arrives
 * meanwhile (an offset would do both), and each page asks the server for less. The time range is
 * that of the beginning. While a page is worked on, the next one is on its way.
 *
 * The requests:
 *
 *  - Pages group by tags[key]: half the work of tags_key and tags_value for the server. But there
 * an event with an empty value is like one without the tag, and an export shows an empty value: so
 *    the first page, which is often the only one, goes through all tags. Not so for a tag that 2018
 *    keeps in a column of its own, whose empty value is told from none (NULL).
 *  - In 2020 a limit that one answer can hold is one request, in the order of the export. The row
 *    beyond the limit (backend.h) is asked for with it or, where it does not fit, by itself: only
 *    that it is there counts, so an offset will do.
 *  - A value that had to be made clean, or that has U+FFFD, may not be what the server compares
 *    with: it is never the last of a page. The rows behind the last value that is beyond doubt are
 *    dropped, and come again with the next page.
 *  - A value that is too long for a request is named by its beginning (border.h).
 *  - Pages grow while they come quickly (page_size.h). What takes the server too much (memory, or
 *    time) is asked for in halves, down to VALUE_PAGES_MIN rows a page, or to the first page's size
 *    where that is less.
 */
#ifndef TAGSTORE_SNUBA_VALUE_PAGES_H
#define TAGSTORE_SNUBA_VALUE_PAGES_H

#include "tagstore/snuba/question.h"

/* The floor of halving: an answer of some kilobytes. */
#define VALUE_PAGES_MIN 50

struct value_pages;

/* Fixes the time range and sends the first request. `asked` and `store` must outlive the pages.
   Errors as translate.h and snuba_start. */
bool value_pages_new(struct tagstore *store, const struct group_tag_value_query *asked,
                     struct value_pages **pages, struct error *error) MUST_CHECK;

/* Events of from <= time < to are asked for; USEC_NONE: no bound. */
void value_pages_get_window(const struct value_pages *pages, int64_t *from, int64_t *to);

/* At any time: also gives up what is on its way. NULL is fine. */
void value_pages_free(struct value_pages *pages);

/* Waits for the page that is on its way, and sends the request for the next one. A page without
   rows need not be the last one: *more tells. ERROR_INTERNAL: the server's order is not that of its
   comparison, or no value is beyond doubt in the largest page there can be; ERROR_EXPORT: more
   values than a page has begin alike for longer than a request can say; else as snuba_finish.
 */
bool value_pages_next(struct value_pages *pages, struct group_tag_value_list *rows, bool *more,
                      struct error *error) MUST_CHECK;

#endif
