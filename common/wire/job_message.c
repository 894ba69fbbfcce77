/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the form of a message, gets the three arguments from it, and checks them in one place for
   all forms. */
#include "wire/job_message.h"

#include "base/text.h"
#include "wire/celery.h"
#include "wire/clean_text.h"

enum { UNKNOWN_SHOWN = 30 /* characters of a name, of 4 bytes at most */ };

/* The values of the arguments, not checked; NULL: missing. */
struct arguments {
    const json_t *data_export_id, *limit, *environment_id;
};

static bool is_absent(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

/* ---- the values ---- */

static bool read_id(const json_t *value, int64_t *id, struct error *error)
{
    if (is_absent(value))
        return error_set(error, ERROR_INVALID, "a job without a data_export_id");
    if (!json_to_int64(value, 1, INT64_MAX, id))
        return error_set(error, ERROR_INVALID,
                         "data_export_id is no whole number from 1 to %" PRId64, INT64_MAX);
    return true;
}

/* A string of digits is wrong here. The original compares it as text and exports all rows, which no
   producer can want. */
static void read_limit(const json_t *value, struct job_message *message)
{
    bool number = json_is_integer(value) && json_integer_value(value) >= 0;
    message->limit_kind = JOB_LIMIT_WRONG;
    if (is_absent(value) || (number && json_integer_value(value) == 0)) {
        message->limit_kind = JOB_LIMIT_NONE;
    } else if (number) {
        message->limit_kind = JOB_LIMIT_ROWS;
        message->limit = json_integer_value(value);
    }
}

/* A string of digits is accepted here, unlike in read_limit. */
static void read_environment(const json_t *value, struct job_message *message)
{
    int64_t id = 0;
    message->environment_kind = JOB_ENVIRONMENT_WRONG;
    if (is_absent(value)) {
        message->environment_kind = JOB_ENVIRONMENT_ALL;
    } else if (json_to_int64(value, INT64_MIN, INT64_MAX, &id)) {
        message->environment_kind = id == 0 ? JOB_ENVIRONMENT_ALL : JOB_ENVIRONMENT_ONE;
        message->environment_id = id;
    }
}

static bool read_arguments(const struct arguments *arguments, struct job_message *message,
                           struct error *error)
{
    read_limit(arguments->limit, message);
    read_environment(arguments->environment_id, message);
    return read_id(arguments->data_export_id, &message->data_export_id, error);
}

/* ---- the names ---- */

/* The last four belong to one part of an export. Names with "__", such as "__transaction_id", come
   from tools around the task. */
static bool is_known(const char *name)
{
    static const char *const known[] = {"data_export_id", "limit",         "export_limit",
                                        "environment_id", "offset",        "batch_size",
                                        "bytes_written",  "export_retries"};
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (text_equal(name, known[i]))
            return true;
    return text_starts_with(name, "__");
}

/* Keeps the names of unknown arguments, for the log. */
static void record_unknown(const json_t *arguments, struct job_message *message)
{
    const char *name = NULL;
    const json_t *value = NULL;
    size_t used = 0;
    json_object_foreach((json_t *)(uintptr_t)arguments, name, value)
    {
        if (is_known(name) || is_absent(value))
            continue;
        size_t size = clean_text_cut(name, strlen(name), UNKNOWN_SHOWN);
        if (used + size + 2 > JOB_UNKNOWN_MAX)
            return;
        (void)snprintf(message->unknown + used, JOB_UNKNOWN_MAX - used, "%s%.*s",
                       used == 0 ? "" : " ", (int)size, name);
        used = strlen(message->unknown);
    }
}

/* `export_limit`, the newer name, counts if `limit` is missing or null. */
static const json_t *limit_by_name(const json_t *arguments)
{
    const json_t *limit = json_object_get(arguments, "limit");
    return is_absent(limit) ? json_object_get(arguments, "export_limit") : limit;
}

/* ---- the forms ---- */

static bool read_plain(const json_t *object, struct job_message *message, struct error *error)
{
    const struct arguments arguments = {
        .data_export_id = json_object_get(object, "data_export_id"),
        .limit = limit_by_name(object),
        .environment_id = json_object_get(object, "environment_id"),
    };
    record_unknown(object, message);
    return read_arguments(&arguments, message, error);
}

/* As in Python, an argument is given by position or by name, but not by both. */
static bool bind_argument(const struct celery_task *task, size_t position, const char *name,
                          const json_t **value, struct error *error)
{
    const json_t *by_position = json_array_get(task->args, position);
    const json_t *by_name = text_equal(name, "limit") ? limit_by_name(task->kwargs)
                                                      : json_object_get(task->kwargs, name);
    if (by_position != NULL && by_name != NULL)
        return error_set(error, ERROR_INVALID, "a job that gives %s twice", name);
    *value = by_position != NULL ? by_position : by_name;
    return true;
}

static bool read_call(const struct celery_task *task, struct job_message *message,
                      struct error *error)
{
    struct arguments arguments = {NULL, NULL, NULL};
    message->eta = task->eta;
    message->expires = task->expires;
    record_unknown(task->kwargs, message);
    if (json_array_size(task->args) > 3)
        return error_set(error, ERROR_INVALID, "a job with more than three positional arguments");
    return bind_argument(task, 0, "data_export_id", &arguments.data_export_id, error) &&
           bind_argument(task, 1, "limit", &arguments.limit, error) &&
           bind_argument(task, 2, "environment_id", &arguments.environment_id, error) &&
           read_arguments(&arguments, message, error);
}

static bool read_envelope(const json_t *envelope, struct job_message *message, struct error *error)
{
    struct celery_task task;
    bool done =
        celery_unwrap(envelope, JOB_MESSAGE_MAX, &task, error) && read_call(&task, message, error);
    celery_task_free(&task);
    return done;
}

/* The plain form is recognized by its id, the envelope by its body. */
static bool read_form(const json_t *root, struct job_message *message, struct error *error)
{
    if (json_object_get(root, "data_export_id") != NULL)
        return read_plain(root, message, error);
    if (celery_is_envelope(root))
        return read_envelope(root, message, error);
    return error_set(error, ERROR_INVALID, "neither a job nor a Celery message");
}

bool job_message_parse(const char *bytes, size_t size, struct job_message *message,
                       struct error *error)
{
    json_t *root = NULL;
    *message = (struct job_message){.eta = USEC_NONE, .expires = USEC_NONE};
    bool done = clean_json_parse(bytes, size, JOB_MESSAGE_MAX, &root, error) &&
                read_form(root, message, error);
    json_decref(root);
    return done;
}

/* ---- printing ---- */

static json_t *limit_value(const struct job_message *message)
{
    if (message->limit_kind == JOB_LIMIT_WRONG)
        return json_false();
    return message->limit_kind == JOB_LIMIT_ROWS ? json_integer(message->limit) : json_null();
}

static json_t *environment_value(const struct job_message *message)
{
    if (message->environment_kind == JOB_ENVIRONMENT_WRONG)
        return json_false();
    return message->environment_kind == JOB_ENVIRONMENT_ONE ? json_integer(message->environment_id)
                                                            : json_null();
}

bool job_message_print(const struct job_message *message, struct buffer *out, struct error *error)
{
    json_t *object = json_object();
    bool done = json_put_int(object, "data_export_id", message->data_export_id, error) &&
                json_put(object, "limit", limit_value(message), error) &&
                json_put(object, "environment_id", environment_value(message), error) &&
                json_write(object, out, error);
    json_decref(object);
    return done;
}
