/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_rescue.py. */
#include "request/rescue.h"

#include "export/query_type.h"
#include "job/enqueue.h"
#include "job/forgotten.h"
#include "job/messages.h"

#define ROWS_MAX ((size_t)1 << 30) /* bytes */

static bool add_row(json_t *list, const struct forgotten_row *row, struct error *error)
{
    json_t *object = json_object();
    bool done = object != NULL && json_array_append(list, object) == 0;
    if (!done)
        (void)error_no_memory(error);
    done = done && json_put_int(object, "id", row->id, error) &&
           json_put_time(object, "date_added", row->date_added, error) &&
           json_put_text(object, "organization", row->organization, error) &&
           json_put_text(object, "user", row->user, error) &&
           json_put_text(object, "type", query_type_name(row->query_type), error);
    json_decref(object);
    return done;
}

static bool list_missing(const struct forgotten_rows *rows, const struct message_ids *ids,
                         json_t **exports, struct error *error)
{
    json_t *missing = json_array();
    bool done = missing != NULL || error_no_memory(error);
    for (size_t i = 0; done && i < rows->count; i++)
        done = message_ids_has(ids, rows->items[i].id) || add_row(missing, &rows->items[i], error);
    if (done)
        *exports = json_incref(missing);
    json_decref(missing);
    return done;
}

/* Redis is read first: a message that leaves Redis after that has led to a row, which
   forgotten_list then sees. */
bool request_list_forgotten(const struct request_context *context, const struct intake_lists *lists,
                            json_t **exports, struct error *error)
{
    struct message_ids ids = {.count = 0};
    struct forgotten_rows rows;
    if (!caller_check_operator(context->caller, error))
        return false;
    struct arena *arena = arena_new(ROWS_MAX);
    bool done = (arena != NULL || error_no_memory(error)) &&
                (lists == NULL || messages_find(lists, context->redis, &ids, error)) &&
                forgotten_list(context->pg, arena, &rows, error) &&
                list_missing(&rows, &ids, exports, error);
    message_ids_free(&ids);
    arena_free(arena);
    return done;
}

bool request_queue_again(const struct request_context *context, int64_t data_export_id,
                         struct error *error)
{
    struct enqueue_job job = {
        .data_export_id = data_export_id, .eta = USEC_NONE, .expires = USEC_NONE};
    const struct enqueue enqueue = {
        .queue = context->queue_name, .source = "cli", .jobs = &job, .count = 1};
    return caller_check_operator(context->caller, error) &&
           enqueue_jobs(context->pg, &enqueue, error);
}
