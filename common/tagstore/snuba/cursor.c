/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The export's cursor. Snuba is asked for pages of values, but an export is ordered by time. So all
 * pages are read when the cursor is opened, and sorted, on disk if there are many rows. From then
 * on the cursor is one consistent answer and needs no server.
 *
 * Tested by tests/system/test_snuba_export.py and tests/system/test_snuba_paging.py.
 */
#include "tagstore/snuba/sorter.h"
#include "tagstore/snuba/value_pages.h"

#define SORT_MEMORY ((size_t)8 * 1024 * 1024)
#define PAGE_MAX    ((size_t)64 * 1024 * 1024)

enum { PAGE_BYTES_MAX = 4 * 1024 * 1024 }; /* a page of long values ends earlier */

struct snuba_cursor {
    struct tagstore_cursor base;
    int64_t group_id;
    size_t page_size;
    struct sorter *sorter;
};

/* ---- reading ---- */

static bool sort_page(struct sorter *sorter, const struct group_tag_value_list *page,
                      struct error *error)
{
    bool done = true;
    for (size_t i = 0; done && i < page->count; i++)
        done = sorter_put(sorter, &page->items[i], error);
    return done;
}

/* Calls the `reading` function of the query. */
static bool report_progress(const struct group_tag_value_query *query, const struct sorter *sorter,
                            struct error *error)
{
    return query->reading == NULL || query->reading(query->context, sorter_rows(sorter), error);
}

static bool read_pages(struct value_pages *pages, const struct group_tag_value_query *query,
                       struct sorter *sorter, struct error *error)
{
    struct group_tag_value_list page = {.arena = arena_new(PAGE_MAX)};
    bool more = true;
    bool done = page.arena != NULL || error_no_memory(error);
    while (done && more) {
        arena_reset(page.arena);
        done = value_pages_next(pages, &page, &more, error) && sort_page(sorter, &page, error) &&
               report_progress(query, sorter, error);
    }
    arena_free(page.arena);
    return done && sorter_finish(sorter, error);
}

static bool read_all_rows(struct snuba_cursor *cursor, const struct group_tag_value_query *query,
                          struct error *error)
{
    struct value_pages *pages = NULL;
    if (!value_pages_new(cursor->base.store, query, &pages, error))
        return false;
    value_pages_get_window(pages, &cursor->base.extent.window_from, &cursor->base.extent.window_to);
    bool done = read_pages(pages, query, cursor->sorter, error);
    value_pages_free(pages);
    return done;
}

bool snuba_open_group_tag_values(struct tagstore *store, const struct group_tag_value_query *query,
                                 struct tagstore_cursor **cursor, struct error *error)
{
    const struct snuba_tagstore *snuba = (const struct snuba_tagstore *)store;
    const struct tag_place place = {.project_id = query->project_id,
                                    .environment_id = query->environment_id,
                                    .key = query->key};
    bool has_key = true;
    if (query->key_must_exist && !snuba_has_tag_key(store, &place, &has_key, error))
        return false;
    if (!has_key)
        return true;
    if (!tagstore_tell_estimate(store, query, error))
        return false;
    struct snuba_cursor *made = memory_alloc(sizeof(*made));
    if (made == NULL)
        return error_no_memory(error);
    *made = (struct snuba_cursor){.base = {.store = store},
                                  .group_id = query->group_id,
                                  .page_size = query->page_size,
                                  .sorter = sorter_new(snuba->tmpdir, SORT_MEMORY)};
    bool done = made->sorter != NULL ? read_all_rows(made, query, error) : error_no_memory(error);
    if (done)
        *cursor = &made->base;
    else
        snuba_close(&made->base);
    return done;
}

/* ---- returning rows ---- */

bool snuba_next_page(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                     struct error *error)
{
    struct snuba_cursor *snuba = (struct snuba_cursor *)cursor;
    size_t bytes = 0;
    bool found = true;
    page->items = arena_array(page->arena, snuba->page_size, sizeof(*page->items), error);
    if (page->items == NULL)
        return false;
    while (found && page->count < snuba->page_size && bytes < PAGE_BYTES_MAX) {
        struct group_tag_value *row = &page->items[page->count];
        if (!sorter_next(snuba->sorter, page->arena, row, &found, error))
            return false;
        if (found) {
            row->group_id = snuba->group_id;
            bytes += row->value_size;
            page->count++;
        }
    }
    return true;
}

void snuba_close(struct tagstore_cursor *cursor)
{
    struct snuba_cursor *snuba = (struct snuba_cursor *)cursor;
    sorter_free(snuba->sorter);
    free(snuba);
}
