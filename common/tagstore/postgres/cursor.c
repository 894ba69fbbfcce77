/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The export's cursor is one statement: one snapshot and one pass, whatever the number of rows. Few
 * rows come as the answer of a prepared statement (few_values.h). More rows come by a COPY, which
 * is cut into pages as it streams in.
 *
 * Tested by tests/system/test_tagstore_export.py.
 */
#include "base/text.h"
#include "tagstore/postgres/copy_reader.h"
#include "tagstore/postgres/few_values.h"
#include "tagstore/postgres/operations.h"

enum {
    STATEMENT_MAX = 2048,
    PAGE_BYTES_MAX = 4 * 1024 * 1024, /* a page of long values ends earlier */
};

struct postgres_cursor {
    struct tagstore_cursor base;
    struct pg *pg;
    int64_t group_id;
    size_t page_size;
    struct few_values few;
    bool ended; /* no COPY, or it has ended: the connection is free again */
    struct copy_reader reader;
};

/* ---- COPY ---- */

/* COPY takes no parameters: only numbers are put into its text. Values are ordered bytewise, not by
   a language. */
static bool print_project_values(const struct group_tag_value_query *query, int64_t key_id,
                                 struct buffer *sql, struct error *error)
{
    return buffer_printf(sql, error,
                         "COPY (SELECT v.value::text, v.times_seen::bigint,"
                         " v.last_seen::timestamptz, v.first_seen::timestamptz"
                         " FROM tagstore_tagvalue v WHERE v.project_id = %" PRId64
                         "::bigint AND v.key_id = %" PRId64 "::bigint%s"
                         " ORDER BY v.first_seen DESC NULLS LAST, v.value COLLATE \"C\"",
                         query->project_id, key_id,
                         query->seen_only ? " AND v.times_seen > 0 AND v.value <> ''" : "");
}

static bool print_group_values(const struct group_tag_value_query *query, int64_t key_id,
                               struct buffer *sql, struct error *error)
{
    return buffer_printf(
        sql, error,
        "COPY (SELECT v.value::text, g.times_seen::bigint,"
        " g.last_seen::timestamptz, g.first_seen::timestamptz"
        " FROM tagstore_grouptagvalue g JOIN tagstore_tagvalue v ON v.id = g.value_id"
        " WHERE g.project_id = %" PRId64 "::bigint AND g.group_id = %" PRId64
        "::bigint AND g.key_id = %" PRId64 "::bigint%s"
        " ORDER BY g.first_seen DESC NULLS LAST, v.value COLLATE \"C\"",
        query->project_id, query->group_id, key_id,
        query->seen_only ? " AND g.times_seen > 0 AND v.value <> ''" : "");
}

/* Starts the COPY of the project's or the group's values. */
static bool start_copy(struct pg *pg, const struct group_tag_value_query *query, int64_t key_id,
                       struct error *error)
{
    struct buffer sql;
    buffer_init(&sql, STATEMENT_MAX);
    bool done =
        (query->group_id == 0 ? print_project_values(query, key_id, &sql, error)
                              : print_group_values(query, key_id, &sql, error)) &&
        (query->limit == 0 || buffer_printf(&sql, error, " LIMIT %" PRId64, query->limit)) &&
        buffer_append_text(&sql, ") TO STDOUT (FORMAT binary)", error) &&
        pg_copy_out(pg, sql.data, error);
    buffer_free(&sql);
    return done;
}

static bool open_copy(struct postgres_cursor *cursor, const struct group_tag_value_query *query,
                      int64_t key_id, struct error *error)
{
    cursor->ended = !start_copy(cursor->pg, query, key_id, error);
    return !cursor->ended;
}

/* ---- opening ---- */

/* Few values are read without a lookup of their key. A key that the environment does not have (id
   0) has no values. */
static bool open_rows(struct postgres_cursor *cursor, const struct group_tag_value_query *query,
                      bool *missing, struct error *error)
{
    const struct tag_place place = {.project_id = query->project_id,
                                    .environment_id = query->environment_id,
                                    .key = query->key};
    int64_t key_id = 0;
    if (query->group_id != 0 && !few_values_ask(cursor->pg, query, &cursor->few, error))
        return false;
    if (cursor->few.result != NULL)
        return query->expect == NULL ||
               query->expect(query->context, few_values_count(&cursor->few), error);
    if (!postgres_find_key(cursor->pg, &place, &key_id, error))
        return false;
    *missing = key_id == 0 && query->key_must_exist;
    return *missing || (tagstore_tell_estimate(cursor->base.store, query, error) &&
                        pg_connect(cursor->pg, error) && open_copy(cursor, query, key_id, error));
}

/* Connects, because closing a cursor early drops the connection. */
bool postgres_open_group_tag_values(struct tagstore *store,
                                    const struct group_tag_value_query *query,
                                    struct tagstore_cursor **cursor, struct error *error)
{
    static const struct tagstore_extent unbounded = {.window_from = USEC_NONE,
                                                     .window_to = USEC_NONE};
    struct pg *pg = ((struct postgres_tagstore *)store)->pg;
    bool missing = false;
    struct postgres_cursor *made = memory_alloc(sizeof(*made));
    if (made == NULL)
        return error_no_memory(error);
    *made = (struct postgres_cursor){.base = {.store = store, .extent = unbounded},
                                     .pg = pg,
                                     .group_id = query->group_id,
                                     .page_size = query->page_size,
                                     .ended = true};
    copy_reader_init(&made->reader);
    bool done = pg_connect(pg, error) && open_rows(made, query, &missing, error);
    if (done && !missing)
        *cursor = &made->base;
    else
        postgres_close(&made->base);
    return done;
}

/* ---- pages ---- */

/* Reads the next row. *found is false if there are no more. */
static bool next_row(struct postgres_cursor *cursor, struct arena *arena,
                     struct group_tag_value *row, bool *found, struct error *error)
{
    const char *data = NULL;
    size_t size = 0;
    if (cursor->few.result != NULL)
        return few_values_next(&cursor->few, arena, row, found, error);
    *found = false;
    while (!cursor->ended) {
        if (!copy_reader_next(&cursor->reader, arena, row, found, error))
            return false;
        if (*found)
            return true;
        if (!pg_copy_next(cursor->pg, &data, &size, &cursor->ended, error))
            return false;
        if (cursor->ended)
            return copy_reader_finish(&cursor->reader, error);
        if (!copy_reader_feed(&cursor->reader, data, size, error))
            return false;
    }
    return true;
}

bool postgres_next_page(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                        struct error *error)
{
    struct postgres_cursor *postgres = (struct postgres_cursor *)cursor;
    size_t bytes = 0;
    bool found = true;
    page->items = arena_array(page->arena, postgres->page_size, sizeof(*page->items), error);
    if (page->items == NULL)
        return false;
    while (found && page->count < postgres->page_size && bytes < PAGE_BYTES_MAX) {
        struct group_tag_value *row = &page->items[page->count];
        if (!next_row(postgres, page->arena, row, &found, error))
            return false;
        if (found) {
            row->group_id = postgres->group_id;
            bytes += row->value_size;
            page->count++;
        }
    }
    return true;
}

/* The server may still have millions of rows to send. Only a new connection gets rid of them
   quickly. */
void postgres_close(struct tagstore_cursor *cursor)
{
    struct postgres_cursor *postgres = (struct postgres_cursor *)cursor;
    if (!postgres->ended)
        pg_disconnect(postgres->pg);
    few_values_free(&postgres->few);
    copy_reader_free(&postgres->reader);
    free(postgres);
}
