/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/request/find_test.c. */
#include "request/export_json.h"

#include "export/names.h"
#include "export/query_type.h"

/* The name in the format that all exports have so far. */
static bool put_file_name(json_t *object, const struct history_row *row, struct error *error)
{
    char name[EXPORT_FILE_NAME_MAX];
    const struct exported_data data = {
        .id = row->id, .query_type = row->query_type, .date_added = row->date_added};
    return json_put_text(object, "file_name", export_file_name(&data, row_format_default(), name),
                         error);
}

/* null if the number is `none`. */
static bool put_number(json_t *object, const char *name, int64_t number, int64_t none,
                       struct error *error)
{
    return number == none ? json_put_null(object, name, error)
                          : json_put_int(object, name, number, error);
}

/* A number that the message asked for: null for 0, "invalid" if it was something other than a
   number. */
static bool put_asked(json_t *object, const char *name, int64_t number, struct error *error)
{
    return number < 0 ? json_put_text(object, name, "invalid", error)
                      : put_number(object, name, number, 0, error);
}

static bool put_request(json_t *object, const struct history_row *row, struct error *error)
{
    return json_put_int(object, "id", row->id, error) &&
           json_put_text(object, "status", row->status, error) &&
           json_put_text(object, "state", row->state, error) &&
           json_put_text(object, "type", query_type_name(row->query_type), error) &&
           json_put_text(object, "organization", row->organization, error) &&
           json_put_text(object, "user", row->user, error) && put_file_name(object, row, error) &&
           json_put_text(object, "query_info", row->query_info, error) &&
           put_asked(object, "limit", row->limit, error) &&
           put_asked(object, "environment_id", row->environment_id, error);
}

static bool put_life(json_t *object, const struct history_row *row, struct error *error)
{
    return json_put_time(object, "date_added", row->date_added, error) &&
           json_put_time(object, "date_finished", row->date_finished, error) &&
           json_put_time(object, "date_expired", row->date_expired, error) &&
           json_put_int(object, "rows", row->progress.rows, error) &&
           json_put_int(object, "bytes", row->progress.bytes, error) &&
           json_put_int(object, "pages", row->progress.pages, error) &&
           put_number(object, "size", row->size, -1, error) &&
           json_put_text(object, "sha1", row->sha1, error) &&
           json_put_int(object, "attempts", row->attempts, error) &&
           json_put_int(object, "failures", row->failures, error) &&
           json_put_text(object, "worker", row->worker, error) &&
           json_put_time(object, "next_try_at", row->next_try_at, error) &&
           json_put_text(object, "message", row->message, error) &&
           json_put_text(object, "mail", row->mail, error) &&
           json_put_text(object, "mail_message", row->mail_message, error);
}

static bool put_details(json_t *object, const struct history_row *row, struct error *error)
{
    return json_put_text(object, "source", row->source, error) &&
           json_put_int(object, "priority", row->priority, error) &&
           json_put(object, "big", json_boolean(row->big), error) &&
           json_put_int(object, "crashes", row->crashes, error) &&
           put_number(object, "rows_expected", row->rows_expected, -1, error) &&
           json_put_int(object, "values_read", row->progress.values_read, error) &&
           json_put_text(object, "truncated", row->truncated, error) &&
           json_put_time(object, "window_from", row->window_from, error) &&
           json_put_time(object, "window_to", row->window_to, error) &&
           json_put_time(object, "started_at", row->started_at, error) &&
           json_put_time(object, "progress_at", row->progress_at, error) &&
           json_put_time(object, "expires_at", row->expires_at, error);
}

bool export_json(const struct history_row *row, bool for_operator, json_t **object,
                 struct error *error)
{
    json_t *made = json_object();
    bool done = made != NULL || error_no_memory(error);
    done = done && put_request(made, row, error) && put_life(made, row, error) &&
           put_details(made, row, error) &&
           (!for_operator || json_put_text(made, "cause", row->cause, error)) &&
           put_number(made, "retry_of", row->retry_of, 0, error);
    if (done)
        *object = json_incref(made);
    json_decref(made);
    return done;
}
