/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/backend.h"

#include "base/clock.h"
#include "base/metric.h"

void tagstore_free(struct tagstore *store)
{
    if (store != NULL)
        store->operations->free(store);
}

int64_t tagstore_patience_ms(const struct tagstore *store)
{
    return store->patience_ms;
}

void tagstore_interrupt(struct tagstore *store)
{
    store->operations->interrupt(store);
}

void tagstore_resume(struct tagstore *store)
{
    if (store->operations->resume != NULL)
        store->operations->resume(store);
}

/* Counts a request to the backend. Returns `done`. */
static bool measure(const struct tagstore *store, int64_t began_usec, bool done,
                    const struct error *error)
{
    const char *backend = store->operations->counted_as;
    if (backend == NULL)
        return done;
    metric_add(METRIC_SOURCE_REQUESTS, 1, backend, done ? "ok" : error_code_name(error->code));
    metric_observe(METRIC_SOURCE_DURATION, clock_monotonic_usec() - began_usec, NULL);
    return done;
}

bool tagstore_open_group_tag_values(struct tagstore *store,
                                    const struct group_tag_value_query *query,
                                    struct tagstore_cursor **cursor, struct error *error)
{
    struct group_tag_value_query asked = *query;
    bool limited = query->limit > 0 && query->limit < INT64_MAX;
    *cursor = NULL;
    if (limited)
        asked.limit++;
    int64_t began_usec = clock_monotonic_usec();
    if (!measure(store, began_usec,
                 store->operations->open_group_tag_values(store, &asked, cursor, error), error))
        return false;
    if (*cursor != NULL)
        (*cursor)->left = limited ? query->limit : INT64_MAX;
    return true;
}

/* A failed estimate is ignored: the rows can be read without it. */
bool tagstore_tell_estimate(struct tagstore *store, const struct group_tag_value_query *query,
                            struct error *error)
{
    const struct tag_place place = {.project_id = query->project_id,
                                    .group_id = query->group_id,
                                    .environment_id = query->environment_id,
                                    .key = query->key};
    struct error unknown;
    int64_t rows = 0;
    return query->expect == NULL || !tagstore_estimate_values(store, &place, &rows, &unknown) ||
           query->expect(query->context, rows, error);
}

bool tagstore_next_page(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                        struct error *error)
{
    int64_t began_usec = clock_monotonic_usec();
    page->items = NULL;
    page->count = 0;
    if (!measure(cursor->store, began_usec,
                 cursor->store->operations->next_page(cursor, page, error), error))
        return false;
    if ((int64_t)page->count > cursor->left) {
        page->count = (size_t)cursor->left;
        cursor->extent.truncated = true;
    }
    cursor->left -= (int64_t)page->count;
    return true;
}

struct tagstore_extent tagstore_get_extent(const struct tagstore_cursor *cursor)
{
    return cursor->extent;
}

void tagstore_close(struct tagstore_cursor *cursor)
{
    if (cursor != NULL)
        cursor->store->operations->close(cursor);
}
