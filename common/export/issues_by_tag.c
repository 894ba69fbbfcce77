/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the query, then opens a cursor of the tagstore and writes its rows page by page. Only one
 * page is in memory at a time.
 *
 * Tested by tests/system/test_first_export.py and tests/system/test_tagstore_export.py.
 */
#include "export/issues_by_tag.h"

#include "base/fault.h"
#include "base/text.h"
#include "model/event_user.h"
#include "model/project.h"
#include "tagstore/label.h"

/* Bytes of a page with its users. */
#define PAGE_MAX ((size_t)64 * 1024 * 1024)

/* Assumed widths, for estimates. A row of a CSV has two times of 27 bytes, a value of 20, a small
   number and the separators. A user has an id, an email address, a name and an IP address. */
enum { ROW_BYTES = 80, USER_BYTES = 60 };

struct run {
    struct export_run *export;
    const struct issues_by_tag_payload *payload;
    struct arena *page;
    struct row_writer *writer; /* NULL until the cursor is open */
    bool with_users;           /* the key is exactly `user` */
    int64_t environment_id, group_id;
    const char *lookup_key;
};

/* ---- checks, in the order of their errors ---- */

static bool does_not_exist(struct error *error, const char *what)
{
    return error_set(error, ERROR_NO_SUBJECT, "Requested %s does not exist", what);
}

static bool check_limit(const struct export_query *query, struct error *error)
{
    return query->limit >= 0 ||
           error_set(error, ERROR_EXPORT,
                     "Invalid limit: it has to be a whole number of rows, or 0 for all rows");
}

/* One statement reads everything; the errors keep the order of the original. */
static bool check_subject(struct run *run, struct error *error)
{
    const struct export_query *query = &run->export->query;
    run->environment_id = query->environment_id;
    const struct subject_ids ids = {.organization_id = query->organization_id,
                                    .project_id = run->payload->project_id,
                                    .group_id = run->payload->group_id,
                                    .environment_id = run->environment_id,
                                    .all_environments = run->environment_id == 0};
    struct subject subject;
    if (!subject_find(run->export->source.pg, &ids, &subject, error))
        return false;
    if (!subject.has_project)
        return does_not_exist(error, "project");
    if (!subject.has_environment)
        return does_not_exist(error, "environment");
    run->group_id = subject.group_id;
    return run->group_id != 0 || does_not_exist(error, "issue");
}

/* Finds the group, or the group into which it was merged since the last look. */
static bool find_group_again(struct run *run, struct error *error)
{
    return group_with_redirect(run->export->source.pg, run->payload->project_id,
                               run->payload->group_id, &run->group_id, error) &&
           (run->group_id != 0 || does_not_exist(error, "issue"));
}

static bool check_query(struct run *run, struct error *error)
{
    const char *key = run->payload->key;
    run->with_users = text_equal(key, "user");
    return check_limit(&run->export->query, error) &&
           tag_key_stored(key, run->export->texts, &run->lookup_key, error) &&
           check_subject(run, error);
}

/* ---- rows ---- */

static const struct row_column columns[] = {{"value", ROW_TEXT},
                                            {"times_seen", ROW_INTEGER},
                                            {"last_seen", ROW_TIME},
                                            {"first_seen", ROW_TIME}};
static const struct row_column columns_with_users[] = {
    {"value", ROW_TEXT},     {"id", ROW_TEXT},         {"email", ROW_TEXT},
    {"username", ROW_TEXT},  {"ip_address", ROW_TEXT}, {"times_seen", ROW_INTEGER},
    {"last_seen", ROW_TIME}, {"first_seen", ROW_TIME}};

static union row_cell text_cell(const char *text_or_null)
{
    size_t size = text_or_null == NULL ? 0 : strlen(text_or_null);
    return (union row_cell){.text = {.bytes = text_or_null, .size = size}};
}

static bool put_row(struct row_writer *writer, const struct group_tag_value *row,
                    const struct event_user *user_or_null, struct error *error)
{
    union row_cell cells[ARRAY_LENGTH(columns_with_users)];
    size_t count = 0;
    cells[count++] = (union row_cell){.text = {.bytes = row->value, .size = row->value_size}};
    if (user_or_null != NULL) {
        cells[count++] = text_cell(user_or_null->ident);
        cells[count++] = text_cell(user_or_null->email);
        cells[count++] = text_cell(user_or_null->username);
        cells[count++] = text_cell(user_or_null->ip_address);
    }
    cells[count++] = (union row_cell){.integer = row->times_seen};
    cells[count++] = (union row_cell){.time = row->last_seen};
    cells[count++] = (union row_cell){.time = row->first_seen};
    return row_writer_put(writer, cells, error);
}

/* An export that is too large for a file stays too large: its user must know, and know the limit.
   So ERROR_TOO_LARGE becomes ERROR_EXPORT. Returns `written`. */
static bool explain_size(bool written, struct error *error)
{
    if (!written && error->code == ERROR_TOO_LARGE)
        return error_set(error, ERROR_EXPORT, "The export is too large for a file: %s",
                         error->message);
    return written;
}

/* ---- pages ---- */

static bool find_users(const struct run *run, const struct group_tag_value *rows, size_t count,
                       struct event_user **users, struct error *error)
{
    const char **values = arena_array(run->page, count, sizeof(*values), error);
    *users = arena_array(run->page, count, sizeof(**users), error);
    if (values == NULL || *users == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        values[i] = rows[i].value;
    const struct tag_users page = {.values = values, .users = *users, .count = count};
    return event_user_for_tags(run->export->source.pg, run->payload->project_id, &page, run->page,
                               error);
}

static bool put_page(const struct run *run, const struct group_tag_value *rows, size_t count,
                     struct error *error)
{
    struct event_user *users = NULL;
    if (run->with_users && !find_users(run, rows, count, &users, error))
        return false;
    bool written = true;
    for (size_t i = 0; written && i < count; i++)
        written = put_row(run->writer, &rows[i], users == NULL ? NULL : &users[i], error);
    return explain_size(written, error);
}

static bool report_progress(const struct export_run *export, struct error *error)
{
    return export->progress == NULL || export->progress(export->context, &export->done, error);
}

static bool count_page(const struct run *run, size_t rows, struct error *error)
{
    struct job_progress *done = &run->export->done;
    done->rows += (int64_t)rows;
    done->pages++;
    done->bytes = sink_bytes(run->export->output.sink);
    return (done->pages > 1 || FAULT("first_page", error)) && FAULT("page", error) &&
           report_progress(run->export, error);
}

static bool put_pages(struct run *run, struct tagstore_cursor *cursor, struct error *error)
{
    struct group_tag_value_list page = {.arena = run->page};
    do {
        arena_reset(run->page);
        if (!tagstore_next_page(cursor, &page, error))
            return false;
        if (page.count > 0 &&
            (!put_page(run, page.items, page.count, error) || !count_page(run, page.count, error)))
            return false;
    } while (page.count > 0);
    return FAULT("last_page", error);
}

/* Copies the time range, and whether the limit has cut the rows. */
static void copy_extent(struct export_run *export, const struct tagstore_cursor *cursor)
{
    const struct tagstore_extent extent = tagstore_get_extent(cursor);
    export->truncated = extent.truncated;
    export->window_from = extent.window_from;
    export->window_to = extent.window_to;
}

/* `rows` is the number without the limit. */
static struct export_estimate estimate_of(const struct run *run, int64_t rows)
{
    int64_t limit = run->export->query.limit;
    int64_t width = ROW_BYTES + (run->with_users ? USER_BYTES : 0);
    int64_t limited = limit > 0 && limit < rows ? limit : rows;
    return (struct export_estimate){.known = true,
                                    .rows = limited,
                                    .bytes =
                                        limited < INT64_MAX / width ? limited * width : INT64_MAX};
}

static bool report_estimate(void *context, int64_t rows, struct error *error)
{
    const struct run *run = context;
    const struct export_estimate estimate = estimate_of(run, rows);
    return run->export->expect(run->export->context, &estimate, error);
}

/* Called while the tagstore reads, before the first row is written: the export makes progress. */
static bool report_reading(void *context, int64_t rows, struct error *error)
{
    const struct run *run = context;
    run->export->done.values_read = rows;
    return report_progress(run->export, error);
}

/* A merge moves all rows of a group at one moment. If it happens after the group was found and
   before its rows are read, the read finds no rows. So the group is then looked up again. If it is
   the same as before, the read was complete. Each further round needs another merge, so the loop
   ends. */
static bool open_rows(struct run *run, struct tagstore_cursor **cursor, struct error *error)
{
    int64_t asked = 0;
    bool seen = false;
    do {
        tagstore_close(*cursor);
        *cursor = NULL;
        asked = run->group_id;
        const struct group_tag_value_query query = {
            .project_id = run->payload->project_id,
            .group_id = asked,
            .environment_id = run->environment_id,
            .key = run->lookup_key,
            .key_must_exist = true,
            .limit = run->export->query.limit,
            .page_size = run->export->source.page_size,
            .group_seen = &seen,
            .expect = run->export->expect != NULL ? report_estimate : NULL,
            .reading = report_reading,
            .context = run};
        if (!FAULT("issue_found", error) ||
            !tagstore_open_group_tag_values(run->export->source.tagstore, &query, cursor, error))
            return false;
        if (*cursor == NULL)
            return does_not_exist(error, "key");
        if (!seen && !find_group_again(run, error))
            return false;
    } while (run->group_id != asked);
    return true;
}

static bool open_writer(struct run *run, struct error *error)
{
    const struct row_columns few = {columns, ARRAY_LENGTH(columns)};
    const struct row_columns all = {columns_with_users, ARRAY_LENGTH(columns_with_users)};
    return row_writer_open(&run->export->output, run->with_users ? all : few, &run->writer, error);
}

/* The header is written after the cursor is open: if opening fails, the output is still empty. */
static bool export_rows(struct run *run, struct error *error)
{
    struct tagstore_cursor *cursor = NULL;
    bool done = open_rows(run, &cursor, error) && explain_size(open_writer(run, error), error) &&
                put_pages(run, cursor, error) &&
                explain_size(row_writer_finish(run->writer, error), error);
    if (done)
        copy_extent(run->export, cursor);
    tagstore_close(cursor);
    row_writer_free(run->writer);
    run->export->done.bytes = sink_bytes(run->export->output.sink);
    return done;
}

bool issues_by_tag_parse(const char *query_info, struct arena *arena, union export_payload *payload,
                         struct error *error)
{
    return issues_by_tag_payload_parse(query_info, arena, &payload->issues_by_tag, error);
}

bool issues_by_tag_run(struct export_run *export, const union export_payload *payload,
                       struct error *error)
{
    struct run run = {
        .export = export, .payload = &payload->issues_by_tag, .page = arena_new(PAGE_MAX)};
    bool done = run.page != NULL || error_no_memory(error);
    done = done && check_query(&run, error) && export_rows(&run, error);
    arena_free(run.page);
    return done;
}

bool issues_by_tag_estimate(struct export_run *export, const union export_payload *payload,
                            struct export_estimate *estimate, struct error *error)
{
    struct run run = {.export = export, .payload = &payload->issues_by_tag};
    int64_t rows = 0;
    if (!check_query(&run, error))
        return false;
    const struct tag_place place = {.project_id = run.payload->project_id,
                                    .group_id = run.group_id,
                                    .environment_id = run.environment_id,
                                    .key = run.lookup_key};
    if (tagstore_estimate_values(export->source.tagstore, &place, &rows, error)) {
        *estimate = estimate_of(&run, rows);
        return true;
    }
    return error->code == ERROR_NOT_FOUND ? does_not_exist(error, "key")
                                          : error_prefix(error, "no estimate from the tagstore");
}
