/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads all values of a key, page by page along the values. Each page asks for the values behind
 * the last one of the page before. So no value is read twice or left out when events arrive
 * meanwhile, as would happen with an offset, and each page costs the server less. All pages have
 * the time range of the first one. The next page is prefetched while the caller works on a page.
 *
 * The requests:
 *
 *  - Pages group by tags[key], which is half the work of tags_key and tags_value for the server.
 * But tags[key] of an event with an empty value is the same as without the tag, and an export shows
 *    the empty value. So the first page, which is often the only one, reads all tags. This is not
 *    needed for a tag that 2018 keeps in a column of its own, which is NULL without the tag.
 *  - In 2020, if one answer can hold the limit, one request reads it in the order of the export.
 * The row beyond the limit (backend.h) comes with it. If it does not fit, it is a request of its
 * own, with an offset: only the existence of this row matters.
 *  - A value is uncertain if it had to be sanitized or has U+FFFD: the server may compare another
 *    text. Such a value is never the last one of a page. The rows behind the last certain value are
 *    dropped, and come again with the next page.
 *  - A value that is too long for a request is replaced by its beginning (border.h).
 *  - Pages grow while they come fast (page_size.h). If a request takes the server too much memory
 * or time, it is halved, down to VALUE_PAGES_MIN rows, or to the first page's size if this is less.
 */
#ifndef TAGSTORE_SNUBA_VALUE_PAGES_H
#define TAGSTORE_SNUBA_VALUE_PAGES_H

#include "tagstore/snuba/question.h"

/* Pages are not halved below this: such an answer has a few kilobytes. */
#define VALUE_PAGES_MIN 50

struct value_pages;

/* Sets the time range and sends the first request. `asked` and `store` must outlive the pages.
   Errors as snuba_translate and snuba_start. */
bool value_pages_new(struct tagstore *store, const struct group_tag_value_query *asked,
                     struct value_pages **pages, struct error *error) MUST_CHECK;

/* Events of from <= time < to are read. USEC_NONE: no bound. */
void value_pages_get_window(const struct value_pages *pages, int64_t *from, int64_t *to);

/* May be called at any time: abandons a request that was sent. NULL is allowed. */
void value_pages_free(struct value_pages *pages);

/* Waits for the page that was asked for, and sends the request for the next one. A page without
   rows need not be the last one: *more is false after the last page. ERROR_INTERNAL: the server
   does not sort as it compares, or the largest page has no certain value. ERROR_EXPORT: more values
   than a page has begin alike for longer than a request can say. Other errors as snuba_finish. */
bool value_pages_next(struct value_pages *pages, struct group_tag_value_list *rows, bool *more,
                      struct error *error) MUST_CHECK;

#endif
