/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an envelope in three steps: the body's bytes (base64, zlib), their values (JSON or pickle),
   and the call of the task. What exportd does not read is refused with a reason. Tested by
   tests/unit/wire/job_message_test.c. */
#include "wire/celery.h"

#include "base/text.h"
#include "wire/base64.h"
#include "wire/clean_text.h"
#include "wire/pickle.h"
#include "wire/unzip.h"

#include <strings.h>

/* The second is the task's earlier name. The third is the last step of an export that Sentry made
   in parts; exportd makes the whole export again. */
static const char *const task_names[] = {
    "sentry.data_export.tasks.assemble_download",
    "sentry.tasks.data_export.assemble_download",
    "sentry.data_export.tasks.merge_blobs",
};

bool celery_is_envelope(const json_t *message)
{
    return json_object_get(message, "body") != NULL &&
           (json_object_get(message, "properties") != NULL ||
            json_object_get(message, "headers") != NULL ||
            json_object_get(message, "content-type") != NULL);
}

/* The text of a member; NULL if it is missing or not a text. */
static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

enum { NAME_SHOWN = 100 /* characters */ };

/* A name from the message, shortened and without control characters, for an error message. */
struct shown {
    char text[4 * NAME_SHOWN + 1];
};

/* `name` is clean UTF-8. */
static struct shown show_name(const char *name)
{
    struct shown shown;
    size_t size = clean_text_cut(name, strlen(name), NAME_SHOWN);
    for (size_t i = 0; i < size; i++)
        shown.text[i] = (name[i] >= 0 && name[i] < ' ') || name[i] == 0x7f ? '?' : name[i];
    shown.text[size] = '\0';
    return shown;
}

/* ---- the body's bytes ---- */

enum serializer { SERIALIZER_JSON, SERIALIZER_PICKLE };

static bool read_content_type(const json_t *envelope, enum serializer *serializer,
                              struct error *error)
{
    const char *type = text_of(envelope, "content-type");
    if (type == NULL)
        return error_set(error, ERROR_INVALID, "a message without a content type");
    if (strcasecmp(type, "application/json") == 0)
        *serializer = SERIALIZER_JSON;
    else if (strcasecmp(type, "application/x-python-serialize") == 0)
        *serializer = SERIALIZER_PICKLE;
    else
        return error_set(error, ERROR_INVALID,
                         "a body of content type '%s', which this version does not read",
                         show_name(type).text);
    return true;
}

/* JSON is read as UTF-8 whichever of these is named; pickle is `binary`. */
static bool check_content_encoding(const json_t *envelope, struct error *error)
{
    static const char *const known[] = {"utf-8", "utf8", "us-ascii", "ascii", "binary"};
    const json_t *value = json_object_get(envelope, "content-encoding");
    if (value == NULL || json_is_null(value))
        return true; /* utf-8, as for kombu */
    const char *encoding = json_is_string(value) ? json_string_value(value) : "";
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (strcasecmp(encoding, known[i]) == 0)
            return true;
    return error_set(error, ERROR_INVALID, "a body in the encoding '%s'", show_name(encoding).text);
}

/* kombu uses this name for Python's zlib. bzip2 and others are refused. */
static bool read_compression(const json_t *envelope, bool *compressed, struct error *error)
{
    const json_t *value = json_object_get(json_object_get(envelope, "headers"), "compression");
    *compressed = false;
    if (value == NULL || json_is_null(value))
        return true;
    const char *name = json_is_string(value) ? json_string_value(value) : "";
    *compressed = strcasecmp(name, "application/x-gzip") == 0;
    return *compressed || error_set(error, ERROR_INVALID,
                                    "a body compressed as '%s', which this version does not read",
                                    show_name(name).text);
}

/* The text itself, or its Base64 if body_encoding says so. */
static bool decode_body(const json_t *envelope, struct buffer *out, struct error *error)
{
    const json_t *body = json_object_get(envelope, "body");
    const json_t *encoding =
        json_object_get(json_object_get(envelope, "properties"), "body_encoding");
    if (!json_is_string(body))
        return error_set(error, ERROR_INVALID, "a message whose body is no text");
    const char *text = json_string_value(body);
    size_t size = json_string_length(body);
    if (encoding == NULL || json_is_null(encoding))
        return buffer_append(out, text, size, error);
    if (!json_is_string(encoding) || !text_equal(json_string_value(encoding), "base64"))
        return error_set(error, ERROR_INVALID, "a body encoding other than base64");
    return base64_decode(text, size, out, error);
}

/* Replaces the bytes by their decompressed form, with the same limit. */
static bool decompress(struct buffer *bytes, struct error *error)
{
    struct buffer plain;
    buffer_init(&plain, bytes->maximum);
    bool done = unzip(bytes->data, bytes->size, &plain, error);
    buffer_free(bytes);
    *bytes = plain;
    return done;
}

static bool parse_body(const struct buffer *bytes, enum serializer serializer, json_t **body,
                       struct error *error)
{
    if (serializer == SERIALIZER_PICKLE)
        return pickle_parse(bytes->data, bytes->size, body, error);
    return clean_json_parse(bytes->data, bytes->size, bytes->maximum, body, error);
}

/* *body is for json_decref. */
static bool read_body(const json_t *envelope, size_t maximum, json_t **body, struct error *error)
{
    struct buffer bytes;
    enum serializer serializer = SERIALIZER_JSON;
    bool compressed = false;
    if (!read_content_type(envelope, &serializer, error) ||
        !check_content_encoding(envelope, error) || !read_compression(envelope, &compressed, error))
        return false;
    buffer_init(&bytes, maximum);
    bool done = decode_body(envelope, &bytes, error) &&
                (!compressed || decompress(&bytes, error)) &&
                parse_body(&bytes, serializer, body, error);
    buffer_free(&bytes);
    return done || error_prefix(error, "the message's body");
}

/* ---- the task ---- */

/* Other tasks in the same list are not for exportd. */
static bool check_name(const json_t *name, struct error *error)
{
    if (!json_is_string(name))
        return error_set(error, ERROR_INVALID, "a message that names no task");
    for (size_t i = 0; i < ARRAY_LENGTH(task_names); i++)
        if (text_equal(json_string_value(name), task_names[i]))
            return true;
    return error_set(error, ERROR_INVALID, "another task: '%s'",
                     show_name(json_string_value(name)).text);
}

/* A time without an offset is in the producer's zone. Sentry's zone is UTC, so protocol 1's flag
   `utc` makes no difference. */
static bool read_time(const json_t *from, const char *name, int64_t *usec, struct error *error)
{
    const json_t *value = json_object_get(from, name);
    *usec = USEC_NONE;
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_string(value))
        return error_set(error, ERROR_INVALID, "%s: not a time", name);
    return clock_parse_iso(json_string_value(value), json_string_length(value), usec, error) ||
           error_prefix(error, "%s", name);
}

static bool set_arguments(const json_t *args, const json_t *kwargs, struct celery_task *task,
                          struct error *error)
{
    task->args = json_is_null(args) ? NULL : args;
    task->kwargs = json_is_null(kwargs) ? NULL : kwargs;
    if ((task->args != NULL && !json_is_array(task->args)) ||
        (task->kwargs != NULL && !json_is_object(task->kwargs)))
        return error_set(error, ERROR_INVALID, "args must be a list and kwargs a map");
    return true;
}

/* The body has the name, the times and the arguments. */
static bool read_protocol_1(const json_t *envelope, size_t maximum, struct celery_task *task,
                            struct error *error)
{
    if (!read_body(envelope, maximum, &task->body, error))
        return false;
    if (!json_is_object(task->body))
        return error_set(error, ERROR_INVALID, "a message that names no task");
    return check_name(json_object_get(task->body, "task"), error) &&
           read_time(task->body, "eta", &task->eta, error) &&
           read_time(task->body, "expires", &task->expires, error) &&
           set_arguments(json_object_get(task->body, "args"), json_object_get(task->body, "kwargs"),
                         task, error);
}

/* The headers have the name and the times, the body has the arguments. */
static bool read_protocol_2(const json_t *envelope, size_t maximum, struct celery_task *task,
                            struct error *error)
{
    const json_t *headers = json_object_get(envelope, "headers");
    /* the name first, because the body of another task may have any form */
    if (!check_name(json_object_get(headers, "task"), error) ||
        !read_time(headers, "eta", &task->eta, error) ||
        !read_time(headers, "expires", &task->expires, error) ||
        !read_body(envelope, maximum, &task->body, error))
        return false;
    if (json_is_object(task->body)) /* a map, as in protocol 1, which Celery accepts here, too */
        return set_arguments(json_object_get(task->body, "args"),
                             json_object_get(task->body, "kwargs"), task, error);
    if (!json_is_array(task->body) || json_array_size(task->body) < 2)
        return error_set(error, ERROR_INVALID, "a body that is not [args, kwargs, embed]");
    return set_arguments(json_array_get(task->body, 0), json_array_get(task->body, 1), task, error);
}

bool celery_unwrap(const json_t *envelope, size_t maximum, struct celery_task *task,
                   struct error *error)
{
    *task = (struct celery_task){.eta = USEC_NONE, .expires = USEC_NONE};
    bool named = json_object_get(json_object_get(envelope, "headers"), "task") != NULL;
    return named ? read_protocol_2(envelope, maximum, task, error)
                 : read_protocol_1(envelope, maximum, task, error);
}

void celery_task_free(struct celery_task *task)
{
    json_decref(task->body);
    *task = (struct celery_task){.eta = USEC_NONE, .expires = USEC_NONE};
}
