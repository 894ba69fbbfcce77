/* SPDX-License-Identifier: Apache-2.0 */
#include "request/rescue.h"

#include "export/names.h"
#include "job/enqueue.h"
#include "job/forgotten.h"

enum { ROWS_AT_ONCE = 1000 };

static int64_t id_of(const json_t *row)
{
    return json_integer_value(json_object_get(row, "id"));
}

static bool list_rows(struct pg *pg, json_t *rows, struct error *error)
{
    int64_t after = 0;
    size_t count = ROWS_AT_ONCE;
    while (count == ROWS_AT_ONCE) {
        json_t *page = NULL;
        if (!forgotten_list(pg, after, ROWS_AT_ONCE, &page, error))
            return false;
        count = json_array_size(page);
        if (count > 0)
            after = id_of(json_array_get(page, count - 1));
        bool done = export_names_put(page, error) &&
                    (json_array_extend(rows, page) == 0 || error_no_memory(error));
        json_decref(page);
        if (!done)
            return false;
    }
    return true;
}

bool request_list_forgotten(const struct request_context *context, json_t **exports,
                            struct error *error)
{
    if (!caller_check_operator(context->caller, error))
        return false;
    json_t *rows = json_array();
    bool done = (rows != NULL || error_no_memory(error)) && list_rows(context->pg, rows, error);
    if (done)
        *exports = json_incref(rows);
    json_decref(rows);
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
