/* SPDX-License-Identifier: Apache-2.0 */
#include "request/push.h"

#include "base/log.h"
#include "job/queue.h"

static bool push(const struct request_context *context, int64_t data_export_id,
                 const struct history_request *history, struct error *error)
{
    struct queue *queue = queue_new(context->queue_name, NULL);
    bool done = queue != NULL ? queue_push_export(queue, context->redis, data_export_id,
                                                  history->limit, history->environment_id, error)
                              : error_no_memory(error);
    queue_free(queue);
    return done;
}

bool request_push(const struct request_context *context, int64_t data_export_id,
                  const struct history_request *history, struct error *error)
{
    struct error ignored;
    if (push(context, data_export_id, history, error))
        return true;
    if (!history_forget_waiting(context->pg, data_export_id, &ignored))
        log_error(LOG_WARNING, "enqueue.not-forgotten", &ignored);
    return false;
}
