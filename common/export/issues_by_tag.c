#include "export/issues_by_tag.h"

#include "base/fault.h"
#include "base/text.h"
#include "export/payload.h"
#include "model/event_user.h"
#include "model/project.h"
#include "tagstore/label.h"

/* The payload, and a page with its users: what an export has in memory at a time. */
#define TEXTS_MAX ((size_t)4 * 1024 * 1024)
#define PAGE_MAX  ((size_t)64 * 1024 * 1024)

struct run {
    const struct export_source *source;
    const struct export_query *query;
    struct csv_writer *csv;
    struct arena *texts;
    struct arena *page;
    struct payload payload;
    bool with_users; /* the key is exactly `user` */
    int64_t environment_id, group_id;
    const char *lookup_key;
    export_progress_function *progress;
    void *context; /* of `progress` */
    struct export_progress *done;
};

/* ---- what is asked for, in the order in which it is checked ---- */

static bool does_not_exist(struct error *error, const char *what)
{
    return error_set(error, ERROR_EXPORT, "Requested %s does not exist", what);
}

static bool check_limit(const struct export_query *query, struct error *error)
{
    return query->limit_kind != JOB_LIMIT_WRONG ||
           error_set(error, ERROR_EXPORT,
                     "Invalid limit: it has to be a whole number of rows, or 0 for all rows");
}

/* All in one look, judged in the order of the original. */
static bool check_subject(struct run *run, struct error *error)
{
    const struct export_query *query = run->query;
    bool one = query->environment_kind == JOB_ENVIRONMENT_ONE;
    run->environment_id = one ? query->environment_id : 0;
    const struct subject_ids ids = {.organization_id = query->organization_id,
                                    .project_id = run->payload.project_id,
                                    .group_id = run->payload.group_id,
                                    .environment_id = run->environment_id,
                                    .all_environments = !one};
    struct subject subject;
    if (!subject_find(run->source->pg, &ids, &subject, error))
        return false;
    if (!subject.has_project)
        return does_not_exist(error, "project");
    if (!subject.has_environment || query->environment_kind == JOB_ENVIRONMENT_WRONG)
        return does_not_exist(error, "environment");
    run->group_id = subject.group_id;
    return run->group_id != 0 || does_not_exist(error, "issue");
}

static bool find_group_again(struct run *run, struct error *error)
{
    return group_with_redirect(run->source->pg, run->payload.project_id, run->payload.group_id,
                               &run->group_id, error) &&
           (run->group_id != 0 || does_not_exist(error, "issue"));
}

static bool check(struct run *run, struct error *error)
{
    if (!payload_parse(run->query->query_info, run->texts, &run->payload, error) ||
        !check_limit(run->query, error))
        return false;
    run->with_users = text_equal(run->payload.key, "user");
    return tag_key_stored(run->payload.key, run->texts, &run->lookup_key, error) &&
           check_subject(run, error);
}

/* ---- the CSV ---- */

static bool put_text(struct csv_writer *csv, const char *text_or_null, struct error *error)
{
    const char *text = text_or_null == NULL ? "" : text_or_null;
    return csv_writer_text(csv, text, strlen(text), error);
}

static bool put_header(struct csv_writer *csv, bool with_users, struct error *error)
{
    return put_text(csv, "value", error) &&
           (!with_users ||
            (put_text(csv, "id", error) && put_text(csv, "email", error) &&
             put_text(csv, "username", error) && put_text(csv, "ip_address", error))) &&
           put_text(csv, "times_seen", error) && put_text(csv, "last_seen", error) &&
           put_text(csv, "first_seen", error) && csv_writer_end_row(csv, error);
}

static bool put_user(struct csv_writer *csv, const struct event_user *user, struct error *error)
{
    return put_text(csv, user->ident, error) && put_text(csv, user->email, error) &&
           put_text(csv, user->username, error) && put_text(csv, user->ip_address, error);
}

static bool put_row(struct csv_writer *csv, const struct group_tag_value *row,
                    const struct event_user *user_or_null, struct error *error)
{
    return csv_writer_text(csv, row->value, row->value_size, error) &&
           (user_or_null == NULL || put_user(csv, user_or_null, error)) &&
           csv_writer_int(csv, row->times_seen, error) &&
           csv_writer_time(csv, row->last_seen, error) &&
           csv_writer_time(csv, row->first_seen, error) && csv_writer_end_row(csv, error);
}

/* What is too large today is too large tomorrow: its user has to know, and by how much. */
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
    return event_user_for_tags(run->source->pg, run->payload.project_id, values, count, run->page,
                               *users, error);
}

static bool put_page(const struct run *run, const struct group_tag_value *rows, size_t count,
                     struct error *error)
{
    struct event_user *users = NULL;
    if (run->with_users && !find_users(run, rows, count, &users, error))
        return false;
    bool written = true;
    for (size_t i = 0; written && i < count; i++)
        written = put_row(run->csv, &rows[i], users == NULL ? NULL : &users[i], error);
    return explain_size(written, error);
}

static bool count_page(const struct run *run, size_t rows, struct error *error)
{
    run->done->rows += (int64_t)rows;
    run->done->pages++;
    run->done->bytes = csv_writer_bytes(run->csv);
    return (run->done->pages > 1 || FAULT("first_page", error)) && FAULT("page", error) &&
           run->progress(run->context, run->done, error);
}

static bool put_pages(struct run *run, struct tagstore_cursor *cursor, struct error *error)
{
    struct group_tag_value *rows = NULL;
    size_t count = 0;
    do {
        arena_reset(run->page);
        if (!tagstore_next_page(cursor, run->page, &rows, &count, error))
            return false;
        if (count > 0 && (!put_page(run, rows, count, error) || !count_page(run, count, error)))
            return false;
    } while (count > 0);
    return FAULT("last_page", error);
}

/* Nothing is written yet, but something goes on. */
static bool tell_reading(void *context, int64_t rows, struct error *error)
{
    const struct run *run = context;
    (void)rows;
    return run->progress(run->context, run->done, error);
}

/* A merge moves all that a group has at one moment, which may lie between the look for the group
   and the look at its rows: these would be none. Whoever sees the same group together with its
   rows, or after them, has them all. Each further round takes another merge, so there is an end. */
static bool open_rows(struct run *run, struct tagstore_cursor **cursor, struct error *error)
{
    int64_t asked = 0;
    bool seen = false;
    do {
        tagstore_close(*cursor);
        *cursor = NULL;
        asked = run->group_id;
        const struct group_tag_value_query query = {
            .project_id = run->payload.project_id,
            .group_id = asked,
            .environment_id = run->environment_id,
            .key = run->lookup_key,
            .key_must_exist = true,
            .limit = run->query->limit_kind == JOB_LIMIT_ROWS ? run->query->limit : 0,
            .page_size = run->source->page_size,
            .group_seen = &seen,
            .reading = tell_reading,
            .context = run};
        if (!FAULT("issue_found", error) ||
            !tagstore_open_group_tag_values(run->source->tagstore, &query, cursor, error))
            return false;
        if (*cursor == NULL)
            return does_not_exist(error, "key");
        if (!seen && !find_group_again(run, error))
            return false;
    } while (run->group_id != asked);
    return true;
}

/* The header waits until the rows have been asked for: a failure up to then leaves nothing behind
   in a stream. */
static bool export_rows(struct run *run, struct error *error)
{
    struct tagstore_cursor *cursor = NULL;
    bool done = open_rows(run, &cursor, error) &&
                explain_size(put_header(run->csv, run->with_users, error), error) &&
                put_pages(run, cursor, error) && csv_writer_flush(run->csv, error);
    tagstore_close(cursor);
    run->done->bytes = csv_writer_bytes(run->csv);
    return done;
}

bool issues_by_tag_run(const struct export_source *source, const struct export_query *query,
                       struct csv_writer *csv, export_progress_function *progress, void *context,
                       struct export_progress *done, struct error *error)
{
    struct run run = {.source = source,
                      .query = query,
                      .csv = csv,
                      .texts = arena_new(TEXTS_MAX),
                      .page = arena_new(PAGE_MAX),
                      .progress = progress,
                      .context = context,
                      .done = done};
    bool good = run.texts != NULL && run.page != NULL;
    if (!good)
        (void)error_no_memory(error);
    good = good && check(&run, error) && export_rows(&run, error);
    arena_free(run.texts);
    arena_free(run.page);
    return good;
}
