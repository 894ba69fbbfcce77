/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/backend.h"

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

bool tagstore_open_group_tag_values(struct tagstore *store,
                                    const struct group_tag_value_query *query,
                                    struct tagstore_cursor **cursor, struct error *error)
{
    *cursor = NULL;
    return store->operations->open_group_tag_values(store, query, cursor, error);
}

bool tagstore_next_page(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                        struct error *error)
{
    page->items = NULL;
    page->count = 0;
    return cursor->store->operations->next_page(cursor, page, error);
}

void tagstore_close(struct tagstore_cursor *cursor)
{
    if (cursor != NULL)
        cursor->store->operations->close(cursor);
}
