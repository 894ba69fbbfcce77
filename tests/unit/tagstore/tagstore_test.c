/* SPDX-License-Identifier: Apache-2.0 */
/* The cursor of an export and its limit, over a backend of numbered rows. */
#include "tagstore/backend.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ROWS = 12, WINDOW_FROM = 3, WINDOW_TO = 5 };

struct numbered_cursor {
    struct tagstore_cursor base;
    size_t next, end, page_size;
};

static struct numbered_cursor numbered;

static bool open_numbered(struct tagstore *of, const struct group_tag_value_query *query,
                          struct tagstore_cursor **cursor, struct error *error)
{
    (void)error;
    bool limited = query->limit > 0 && query->limit < ROWS;
    numbered = (struct numbered_cursor){
        .base = {.store = of, .extent = {.window_from = WINDOW_FROM, .window_to = WINDOW_TO}},
        .end = limited ? (size_t)query->limit : ROWS,
        .page_size = query->page_size};
    *cursor = query->key_must_exist ? NULL : &numbered.base;
    return true;
}

static bool give_numbers(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                         struct error *error)
{
    static struct group_tag_value rows[ROWS];
    (void)cursor;
    (void)error;
    page->items = rows;
    while (page->count < numbered.page_size && numbered.next < numbered.end)
        rows[page->count++] = (struct group_tag_value){.times_seen = (int64_t)numbered.next++};
    return true;
}

static const struct tagstore_operations only_the_cursor = {.open_group_tag_values = open_numbered,
                                                           .next_page = give_numbers};
static struct tagstore store = {.operations = &only_the_cursor};

static void assert_cut(int64_t limit, size_t page_size, int64_t rows, bool truncated)
{
    const struct group_tag_value_query query = {.key = "k", .limit = limit, .page_size = page_size};
    struct group_tag_value_list page;
    struct tagstore_cursor *cursor = NULL;
    struct error error;
    int64_t read = 0;
    assert_true(tagstore_open_group_tag_values(&store, &query, &cursor, &error));
    do {
        assert_true(tagstore_next_page(cursor, &page, &error));
        assert_true(page.count <= page_size);
        for (size_t i = 0; i < page.count; i++)
            assert_int_equal(page.items[i].times_seen, read++);
    } while (page.count > 0);
    const struct tagstore_extent extent = tagstore_get_extent(cursor);
    assert_int_equal(read, rows);
    assert_int_equal(extent.truncated, truncated);
    assert_int_equal(extent.window_from, WINDOW_FROM);
    assert_int_equal(extent.window_to, WINDOW_TO);
}

static void rows_beyond_the_limit_are_known(void **state)
{
    (void)state;
    for (size_t page_size = 1; page_size <= ROWS + 2; page_size++) {
        for (int64_t limit = 1; limit < ROWS; limit++)
            assert_cut(limit, page_size, limit, true);
        assert_cut(ROWS, page_size, ROWS, false);
        assert_cut(ROWS + 1, page_size, ROWS, false);
        assert_cut(INT64_MAX, page_size, ROWS, false);
        assert_cut(0, page_size, ROWS, false);
    }
}

static void no_cursor_has_no_limit(void **state)
{
    (void)state;
    const struct group_tag_value_query query = {.key = "k", .limit = 1, .key_must_exist = true};
    struct tagstore_cursor *cursor = &numbered.base;
    struct error error;
    assert_true(tagstore_open_group_tag_values(&store, &query, &cursor, &error));
    assert_null(cursor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_beyond_the_limit_are_known),
        cmocka_unit_test(no_cursor_has_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
