/* SPDX-License-Identifier: Apache-2.0 */
#include "request/rescue.h"

#include "export/names.h"
#include "job/forgotten.h"
#include "job/queue_find.h"
#include "request/push.h"

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

static bool find_ids(const struct request_context *context, struct id_set **ids,
                     struct error *error)
{
    struct queue *queue = queue_new(context->queue_name, NULL);
    bool done = queue != NULL ? queue_find_ids(queue, context->redis, true, ids, error)
                              : error_no_memory(error);
    queue_free(queue);
    return done;
}

static bool keep_missing(const json_t *rows, const struct id_set *found, json_t *missing,
                         struct error *error)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        if (!id_set_has(found, id_of(row)) && json_array_append(missing, row) != 0)
            return error_no_memory(error);
    }
    return true;
}

/* All rows before any message is looked for: a message that comes in between is found. */
bool request_list_forgotten(const struct request_context *context, json_t **exports,
                            struct error *error)
{
    struct id_set *found = NULL;
    if (!caller_check_operator(context->caller, error))
        return false;
    json_t *rows = json_array();
    json_t *missing = json_array();
    bool done = (rows != NULL && missing != NULL) || error_no_memory(error);
    done = done && list_rows(context->pg, rows, error) && find_ids(context, &found, error) &&
           keep_missing(rows, found, missing, error);
    if (done)
        *exports = json_incref(missing);
    json_decref(missing);
    json_decref(rows);
    id_set_free(found);
    return done;
}

/* As a new export: the row that exportd knows it by, then the message. */
bool request_queue_again(const struct request_context *context, int64_t data_export_id,
                         struct error *error)
{
    const struct history_request all = {.queue = context->queue_name};
    return caller_check_operator(context->caller, error) &&
           history_insert_waiting(context->pg, data_export_id, &all, error) &&
           (request_push(context, data_export_id, &all, error) ||
            error_prefix(error, "export %" PRId64 " is not queued", data_export_id));
}
