#include "base/json.h"

#include "base/clock.h"
#include "base/text.h"

enum { WRITE_FLAGS = JSON_COMPACT | JSON_ENCODE_ANY };

bool json_parse(const char *text, size_t size, size_t maximum, json_t **value, struct error *error)
{
    *value = NULL;
    if (size > maximum)
        return error_set(error, ERROR_TOO_LARGE, "more than %zu bytes of JSON", maximum);
    json_error_t reason;
    *value = json_loadb(text, size, JSON_DECODE_ANY, &reason);
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
    if (value == NULL || json_object_set_new(object, name, value) != 0)
        return error_set(error, ERROR_INTERNAL, "cannot put '%s' into JSON", name);
    return true;
}

bool json_put_text(json_t *object, const char *name, const char *text_or_null, struct error *error)
{
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

static int append_chunk(const char *bytes, size_t size, void *out)
{
    struct error error;
    return buffer_append(out, bytes, size, &error) ? 0 : -1;
}

bool json_write(const json_t *value, struct buffer *out, struct error *error)
{
    if (json_dump_callback(value, append_chunk, out, WRITE_FLAGS) != 0)
        return error_set(error, ERROR_TOO_LARGE, "JSON of more than %zu bytes", out->maximum);
    return true;
}

bool json_print_line_to(FILE *out, const json_t *value, struct error *error)
{
    if (json_dumpf(value, out, WRITE_FLAGS) != 0 || putc('\n', out) == EOF)
        return error_set(error, ERROR_INTERNAL, "cannot write %s",
                         out == stdout ? "to standard output" : "an answer");
    return true;
}

bool json_print_line(const json_t *value, struct error *error)
{
    return json_print_line_to(stdout, value, error);
}
