/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_queue_lists.py. */
#include "request/place.h"

#include "base/text.h"
#include "job/queue.h"

enum { REASON_MAX = 128 };

/* States the first reason that applies. */
static void format_reason(const struct queue_place *place, char reason[REASON_MAX])
{
    const char *plural = place->running == 1 ? "" : "s";
    const char *verb = place->running == 1 ? "runs" : "run";
    if (place->paused)
        (void)snprintf(reason, REASON_MAX, "the queue is paused");
    else if (!place->served)
        (void)snprintf(reason, REASON_MAX, "no worker is there to run it");
    else if (place->max_running == 0)
        (void)snprintf(reason, REASON_MAX, "its organization may run none: see `exportd quota`");
    else if (place->running >= place->max_running)
        (void)snprintf(reason, REASON_MAX,
                       "%" PRId64 " export%s of its organization %s, which is the most",
                       place->running, plural, verb);
    else if (place->kept)
        (void)snprintf(reason, REASON_MAX,
                       "it is big, and the last free thread is kept for small exports");
    else
        (void)snprintf(reason, REASON_MAX,
                       "waits its turn; %" PRId64 " export%s of its organization %s",
                       place->running, plural, verb);
}

static bool put_waiting(const struct request_context *context, const struct history_row *row,
                        json_t *export, struct error *error)
{
    const struct queue_limits limits = {context->max_running, context->lease_seconds};
    struct queue_place place;
    char reason[REASON_MAX] = "";
    if (!queue_find_place(context->pg, row->id, &limits, &place, error))
        return false;
    if (place.place == 0) /* a worker has claimed it meanwhile */
        return json_put_null(export, "place", error) && json_put_null(export, "reason", error);
    format_reason(&place, reason);
    return json_put_int(export, "place", place.place, error) &&
           json_put_text(export, "reason", reason, error);
}

static bool put_delayed(const struct history_row *row, json_t *export, struct error *error)
{
    const char *message = row->message == NULL ? "" : row->message;
    struct buffer reason;
    char moment[CLOCK_TEXT_MAX];
    buffer_init(&reason, REASON_MAX + strlen(message));
    bool done = buffer_printf(&reason, error, "delayed until %s%s%s",
                              clock_format_iso(row->next_try_at, moment),
                              message[0] == '\0' ? "" : ": ", message) &&
                json_put_null(export, "place", error) &&
                json_put_text(export, "reason", reason.data, error);
    buffer_free(&reason);
    return done;
}

bool put_place(const struct request_context *context, const struct history_row *row, json_t *export,
               struct error *error)
{
    const char *state = row->state == NULL ? "" : row->state;
    if (text_equal(state, "waiting"))
        return put_waiting(context, row, export, error);
    if (text_equal(state, "delayed"))
        return put_delayed(row, export, error);
    return json_put_null(export, "place", error) && json_put_null(export, "reason", error);
}
