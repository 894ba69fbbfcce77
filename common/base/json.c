/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/clock.h"
#include "base/json_memory.h"
#include "base/text.h"
#include "base/utf8.h"

enum { WRITE_FLAGS = JSON_COMPACT | JSON_ENCODE_ANY };

struct source {
    const char *at, *end;
};

/* Gives the parser small pieces, so that after an allocation failure it gets little more text. */
static size_t give_piece(void *out, size_t room, void *data)
{
    struct source *source = data;
    size_t size = room < JSON_MEMORY_PIECE ? room : JSON_MEMORY_PIECE;
    if (size > (size_t)(source->end - source->at))
        size = (size_t)(source->end - source->at);
    if (json_memory_failed())
        return 0; /* the end of the text */
    memcpy(out, source->at, size);
    source->at += size;
    return size;
}

bool json_parse(const char *text, size_t size, size_t maximum, json_t **value, struct error *error)
{
    struct source source = {.at = text, .end = text + size};
    json_error_t reason;
    *value = NULL;
    if (size > maximum)
        return error_set(error, ERROR_TOO_LARGE, "more than %zu bytes of JSON", maximum);
    if (!json_memory_begin(size, error))
        return false;
    *value = json_load_callback(give_piece, &source, JSON_DECODE_ANY, &reason);
    bool failed = json_memory_failed();
    if (failed) {
        json_decref(*value);
        *value = NULL;
    }
    json_memory_end();
    if (failed)
        return error_no_memory(error);
    if (*value == NULL) /* jansson's own text may quote the data */
        return error_set(error, ERROR_INVALID, "not valid JSON at byte %d", reason.position);
    return true;
}

bool json_to_int64(const json_t *value, int64_t min, int64_t max, int64_t *number)
{
    if (json_is_string(value))
        return json_string_value(value)[0] != '-' &&
               text_to_int64(json_string_value(value), min, max, number);
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max)
        return false;
    *number = json_integer_value(value);
    return true;
}

bool json_put(json_t *object, const char *name, json_t *value, struct error *error)
{
    return json_object_set_new(object, name, value) == 0 || error_no_memory(error);
}

/* jansson refuses other texts, in the same way as when memory is short. */
static bool is_utf8(const char *text)
{
    size_t size = strlen(text);
    bool valid = true;
    for (size_t i = 0; valid && i < size;)
        i += utf8_step(text + i, size - i, &valid);
    return valid;
}

bool json_put_text(json_t *object, const char *name, const char *text_or_null, struct error *error)
{
    if (text_or_null != NULL && !is_utf8(text_or_null))
        return error_set(error, ERROR_INTERNAL, "'%s' is no UTF-8, as JSON has to be", name);
    return json_put(object, name, text_or_null == NULL ? json_null() : json_string(text_or_null),
                    error);
}

bool json_put_int(json_t *object, const char *name, int64_t number, struct error *error)
{
    return json_put(object, name, json_integer(number), error);
}

bool json_put_null(json_t *object, const char *name, struct error *error)
{
    return json_put(object, name, json_null(), error);
}

bool json_put_time(json_t *object, const char *name, int64_t usec, struct error *error)
{
    char text[CLOCK_TEXT_MAX];
    return json_put_text(object, name, usec == USEC_NONE ? NULL : clock_format_iso(usec, text),
                         error);
}

struct sink {
    struct buffer *out;
    struct error *error;
};

static int append_chunk(const char *bytes, size_t size, void *data)
{
    const struct sink *sink = data;
    return buffer_append(sink->out, bytes, size, sink->error) ? 0 : -1;
}

bool json_write(const json_t *value, struct buffer *out, struct error *error)
{
    struct sink sink = {.out = out, .error = error};
    if (!json_memory_begin(0, error))
        return false;
    error->code = ERROR_NONE;
    bool done = json_dump_callback(value, append_chunk, &sink, WRITE_FLAGS) == 0;
    bool failed = json_memory_failed();
    json_memory_end();
    if (done && !failed)
        return true;
    return error->code == ERROR_NONE ? error_no_memory(error) : error_prefix(error, "JSON");
}

bool json_print(const json_t *value, size_t flags, char **text, struct error *error)
{
    if (!json_memory_begin(0, error))
        return false;
    *text = json_dumps(value, flags);
    if (json_memory_failed()) {
        json_memory_free(*text);
        *text = NULL;
    }
    json_memory_end();
    return *text != NULL || error_no_memory(error);
}

bool json_print_line_to(FILE *out, const json_t *value, struct error *error)
{
    if (!json_memory_begin(0, error))
        return false;
    bool done = json_dumpf(value, out, WRITE_FLAGS) == 0 && putc('\n', out) != EOF;
    bool failed = json_memory_failed();
    json_memory_end();
    if (failed)
        return error_no_memory(error);
    if (!done)
        return error_set(error, ERROR_INTERNAL, "cannot write %s",
                         out == stdout ? "to standard output" : "an answer");
    return true;
}

bool json_print_line(const json_t *value, struct error *error)
{
    return json_print_line_to(stdout, value, error);
}
