/* SPDX-License-Identifier: Apache-2.0 */
#include "job/queue.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/embedded.h"
#include "base/text.h"
#include "job/queue_keys.h"
#include "wire/job_message.h"

#include <stdarg.h>
#include <unistd.h>

static const int step_numbers[QUEUE_STEPS] = {0, 3, 6, 9};

/* ---- the queue and its keys ---- */

PRINTF_LIKE(1, 2) static char *format_key(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *key = length < 0 ? NULL : memory_alloc((size_t)length + 1);
    if (key == NULL)
        return NULL;
    va_start(arguments, format);
    (void)vsnprintf(key, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return key;
}

/* kombu's names: the base list bears the queue's name, the others a suffix. */
static bool make_lists(struct queue *queue, const char *name)
{
    queue->lists[0] = text_duplicate(name);
    for (size_t i = 1; i < QUEUE_STEPS; i++)
        queue->lists[i] = format_key("%s\x06\x16%d", name, step_numbers[i]);
    for (size_t i = 0; i < QUEUE_STEPS; i++)
        if (queue->lists[i] == NULL)
            return false;
    return true;
}

static bool make_keys(struct queue *queue, const char *name, const char *worker)
{
    queue->workers = format_key("exportd:{%s}:workers", name);
    queue->known = format_key("exportd:{%s}:known", name);
    queue->processing_prefix = format_key("exportd:{%s}:processing:", name);
    queue->delayed = format_key("exportd:{%s}:delayed", name);
    queue->dead = format_key("exportd:{%s}:dead", name);
    queue->crashes = format_key("exportd:{%s}:crashes", name);
    queue->paused = format_key("exportd:{%s}:paused", name);
    queue->swept = format_key("exportd:{%s}:swept", name);
    queue->missing = format_key("exportd:{%s}:missing", name);
    if (worker != NULL) {
        queue->worker = text_duplicate(worker);
        queue->processing = format_key("exportd:{%s}:processing:%s", name, worker);
    }
    return make_lists(queue, name) && queue->workers != NULL && queue->known != NULL &&
           queue->processing_prefix != NULL && queue->delayed != NULL && queue->dead != NULL &&
           queue->crashes != NULL && queue->paused != NULL && queue->swept != NULL &&
           queue->missing != NULL &&
           (worker == NULL || (queue->worker != NULL && queue->processing != NULL));
}

struct queue *queue_new(const char *name, const char *worker)
{
    struct queue *queue = memory_zeroed(1, sizeof(*queue));
    if (queue == NULL || make_keys(queue, name, worker))
        return queue;
    queue_free(queue);
    return NULL;
}

void queue_free(struct queue *queue)
{
    if (queue == NULL)
        return;
    for (size_t i = 0; i < QUEUE_STEPS; i++)
        free(queue->lists[i]);
    free(queue->worker);
    free(queue->workers);
    free(queue->known);
    free(queue->processing_prefix);
    free(queue->processing);
    free(queue->delayed);
    free(queue->dead);
    free(queue->crashes);
    free(queue->paused);
    free(queue->swept);
    free(queue->missing);
    free(queue);
}

char *queue_processing_key(const struct queue *queue, const char *worker, struct error *error)
{
    char *key = format_key("%s%s", queue->processing_prefix, worker);
    if (key == NULL)
        error_no_memory(error);
    return key;
}

void queue_worker_name(char worker[QUEUE_WORKER_MAX])
{
    char host[64] = "unknown";
    char random[RANDOM_HEX_SIZE];
    (void)gethostname(host, sizeof(host));
    host[sizeof(host) - 1] = '\0';
    random_hex(random);
    (void)snprintf(worker, QUEUE_WORKER_MAX, "%s:%ld:%.8s", host, (long)getpid(), random);
}

/* ---- running scripts ---- */

static const char *script_text(const char *name)
{
    for (const struct embedded_file *file = embedded_job_scripts; file->name != NULL; file++)
        if (text_equal(file->name, name))
            return file->text;
    return NULL;
}

bool queue_run(struct redis *redis, const char *name, int keys, const struct redis_command *command,
               struct redis_reply **reply, struct error *error)
{
    *reply = NULL;
    const struct redis_script script = {.text = script_text(name), .keys = keys};
    if (script.text == NULL)
        return error_set(error, ERROR_INTERNAL, "no script %s", name);
    return redis_eval(redis, &script, command, reply, error);
}

bool queue_run_number(struct redis *redis, const char *name, int keys,
                      const struct redis_command *command, int64_t *number, struct error *error)
{
    struct redis_reply *reply = NULL;
    if (!queue_run(redis, name, keys, command, &reply, error))
        return false;
    *number = redis_int(reply);
    redis_reply_free(reply);
    return true;
}

bool queue_call(struct redis *redis, const struct redis_command *command, struct error *error)
{
    struct redis_reply *reply = NULL;
    bool done = redis_call(redis, command, 0, &reply, error);
    redis_reply_free(reply);
    return done;
}

bool queue_push(struct queue *queue, struct redis *redis, const char *message, size_t size,
                struct error *error)
{
    struct redis_command command = {.count = 0};
    int64_t added = 0;
    redis_add_text(&command, queue->lists[0]);
    redis_add(&command, message, size);
    return queue_run_number(redis, "push.lua", 1, &command, &added, error);
}

bool queue_push_export(struct queue *queue, struct redis *redis, int64_t data_export_id,
                       int64_t limit, int64_t environment_id, struct error *error)
{
    const struct job_message message = {
        .data_export_id = data_export_id,
        .limit_kind = limit > 0 ? JOB_LIMIT_ROWS : JOB_LIMIT_NONE,
        .limit = limit,
        .environment_kind = environment_id > 0 ? JOB_ENVIRONMENT_ONE : JOB_ENVIRONMENT_ALL,
        .environment_id = environment_id,
        .eta = USEC_NONE,
        .expires = USEC_NONE,
    };
    struct buffer text;
    buffer_init(&text, JOB_MESSAGE_MAX);
    bool done = job_message_print(&message, &text, error) &&
                queue_push(queue, redis, text.data, text.size, error);
    buffer_free(&text);
    return done;
}

/* ---- taking ---- */

void job_ticket_free(struct job_ticket *ticket)
{
    if (ticket == NULL)
        return;
    free(ticket->message);
    free(ticket);
}

static bool make_ticket(const struct redis_reply *text, int step, struct job_ticket **ticket,
                        struct error *error)
{
    size_t size = 0;
    const char *message = redis_text(text, &size);
    struct job_ticket *made = memory_zeroed(1, sizeof(*made));
    char *copy = memory_alloc(size + 1);
    if (made == NULL || copy == NULL) {
        free(made);
        free(copy);
        return error_no_memory(error);
    }
    memcpy(copy, message, size);
    copy[size] = '\0';
    *made = (struct job_ticket){.message = copy, .size = size, .step = step};
    *ticket = made;
    return true;
}

bool queue_beat(struct queue *queue, struct redis *redis, struct error *error)
{
    struct redis_command command = {.count = 0};
    int64_t ignored = 0;
    redis_add_text(&command, queue->workers);
    redis_add_text(&command, queue->known);
    redis_add_text(&command, queue->worker);
    return queue_run_number(redis, "beat.lua", 2, &command, &ignored, error);
}

/* Nothing counted is 0. */
static int64_t crashes_of(const struct redis_reply *reply)
{
    int64_t crashes = 0;
    return text_to_int64(redis_text(reply, NULL), 0, INT64_MAX, &crashes) ? crashes : 0;
}

/* Looks through the four lists without waiting. */
static bool take_at_once(struct queue *queue, struct redis *redis, struct job_ticket **ticket,
                         bool *paused, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    for (size_t i = 0; i < QUEUE_STEPS; i++)
        redis_add_text(&command, queue->lists[i]);
    redis_add_text(&command, queue->processing);
    redis_add_text(&command, queue->workers);
    redis_add_text(&command, queue->paused);
    redis_add_text(&command, queue->crashes);
    redis_add_text(&command, queue->worker);
    if (!queue_run(redis, "take.lua", 8, &command, &reply, error))
        return false;
    bool done = true;
    if (redis_count(reply) == 3) {
        int64_t list = redis_int(redis_item(reply, 0));
        int step = list >= 1 && list <= QUEUE_STEPS ? step_numbers[list - 1] : 0;
        done = make_ticket(redis_item(reply, 1), step, ticket, error);
        if (done)
            (*ticket)->crashes = crashes_of(redis_item(reply, 2));
    } else {
        *paused = text_equal(redis_text(reply, NULL), "paused");
    }
    redis_reply_free(reply);
    return done;
}

/* A script cannot block: the wait is a command of its own, on the list that producers use. */
static bool take_waiting(struct queue *queue, struct redis *redis, int64_t wait_ms,
                         struct job_ticket **ticket, struct error *error)
{
    char seconds[32];
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, "BLMOVE");
    redis_add_text(&command, queue->lists[0]);
    redis_add_text(&command, queue->processing);
    redis_add_text(&command, "RIGHT");
    redis_add_text(&command, "LEFT");
    (void)snprintf(seconds, sizeof(seconds), "%" PRId64 ".%03" PRId64, wait_ms / 1000,
                   wait_ms % 1000);
    redis_add_text(&command, seconds);
    if (!redis_call(redis, &command, wait_ms, &reply, error))
        return false;
    bool done = redis_is_null(reply) || make_ticket(reply, 0, ticket, error);
    redis_reply_free(reply);
    return done;
}

/* How many workers have died with this very message before it was claimed. */
static bool read_crashes(struct queue *queue, struct redis *redis, struct job_ticket *ticket,
                         struct error *error)
{
    char sha1[SHA1_HEX_SIZE];
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    sha1_hex(ticket->message, ticket->size, sha1);
    redis_add_text(&command, "HGET");
    redis_add_text(&command, queue->crashes);
    redis_add_text(&command, sha1);
    if (!redis_call(redis, &command, 0, &reply, error))
        return false;
    ticket->crashes = crashes_of(reply);
    redis_reply_free(reply);
    return true;
}

bool queue_take(struct queue *queue, struct redis *redis, int64_t wait_ms,
                struct job_ticket **ticket, bool *paused, struct error *error)
{
    *ticket = NULL;
    *paused = false;
    if (!take_at_once(queue, redis, ticket, paused, error))
        return false;
    if (*ticket != NULL || *paused)
        return true;
    if (!take_waiting(queue, redis, wait_ms, ticket, error))
        return false;
    if (*ticket == NULL || read_crashes(queue, redis, *ticket, error))
        return true;
    job_ticket_free(*ticket);
    *ticket = NULL;
    return false;
}

bool queue_claimed(struct queue *queue, struct redis *redis, const struct job_ticket *ticket,
                   struct error *error)
{
    char sha1[SHA1_HEX_SIZE];
    struct redis_command command = {.count = 0};
    sha1_hex(ticket->message, ticket->size, sha1);
    redis_add_text(&command, "HDEL");
    redis_add_text(&command, queue->crashes);
    redis_add_text(&command, sha1);
    return queue_call(redis, &command, error);
}

/* ---- leaving ---- */

/* The tail of all moves out of the processing list: `keys` and arguments are in `command`. */
static bool leave(struct redis *redis, const char *script, int keys,
                  const struct redis_command *command, bool *left, struct error *error)
{
    int64_t removed = 0;
    *left = false;
    if (!queue_run_number(redis, script, keys, command, &removed, error))
        return false;
    *left = removed == 1;
    return true;
}

bool queue_acknowledge(struct queue *queue, struct redis *redis, const struct job_ticket *ticket,
                       bool *left, struct error *error)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, queue->processing);
    redis_add_text(&command, queue->crashes);
    redis_add(&command, ticket->message, ticket->size);
    return leave(redis, "acknowledge.lua", 2, &command, left, error);
}

static const char *list_of_step(const struct queue *queue, int step)
{
    for (size_t i = 0; i < QUEUE_STEPS; i++)
        if (step_numbers[i] == step)
            return queue->lists[i];
    return queue->lists[0];
}

bool queue_give_back(struct queue *queue, struct redis *redis, const struct job_ticket *ticket,
                     bool *left, struct error *error)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, queue->processing);
    redis_add_text(&command, list_of_step(queue, ticket->step));
    redis_add(&command, ticket->message, ticket->size);
    return leave(redis, "give_back.lua", 2, &command, left, error);
}

bool queue_delay(struct queue *queue, struct redis *redis, const struct job_ticket *ticket,
                 int64_t delay_ms, bool *left, struct error *error)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, queue->processing);
    redis_add_text(&command, queue->delayed);
    redis_add(&command, ticket->message, ticket->size);
    redis_add_int(&command, delay_ms);
    return leave(redis, "delay.lua", 2, &command, left, error);
}

bool queue_bury(struct queue *queue, struct redis *redis, const struct job_ticket *ticket,
                const char *reason, bool *left, struct error *error)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, queue->processing);
    redis_add_text(&command, queue->dead);
    redis_add_text(&command, queue->crashes);
    redis_add(&command, ticket->message, ticket->size);
    redis_add_text(&command, reason);
    redis_add_text(&command, queue->worker);
    return leave(redis, "bury.lua", 3, &command, left, error);
}

bool queue_unregister(struct queue *queue, struct redis *redis, struct error *error)
{
    struct redis_command command = {.count = 0};
    int64_t ignored = 0;
    redis_add_text(&command, queue->workers);
    redis_add_text(&command, queue->processing);
    redis_add_text(&command, queue->worker);
    return queue_run_number(redis, "unregister.lua", 2, &command, &ignored, error);
}
