/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a statement, in the text or the binary format of libpq. */
#include "client/pg.h"

static void bind_value(struct pg_params *params, const char *value)
{
    if (params->count >= PG_PARAMS_MAX)
        abort(); /* too many parameters: a bug that the first run shows */
    params->sizes[params->count] = 0;
    params->formats[params->count] = 0;
    params->values[params->count++] = value;
}

void pg_bind_text(struct pg_params *params, const char *text_or_null)
{
    bind_value(params, text_or_null);
}

void pg_bind_int(struct pg_params *params, int64_t number)
{
    bind_value(params, NULL);
    int slot = params->count - 1;
    (void)snprintf(params->numbers[slot], CLOCK_TEXT_MAX, "%" PRId64, number);
    params->values[slot] = params->numbers[slot];
}

void pg_bind_double(struct pg_params *params, double number)
{
    bind_value(params, NULL);
    int slot = params->count - 1;
    (void)snprintf(params->numbers[slot], CLOCK_TEXT_MAX, "%.17g", number);
    params->values[slot] = params->numbers[slot];
}

void pg_bind_bool(struct pg_params *params, bool value)
{
    bind_value(params, value ? "t" : "f");
}

void pg_bind_null(struct pg_params *params)
{
    bind_value(params, NULL);
}

void pg_bind_binary(struct pg_params *params, const struct buffer *value)
{
    bind_value(params, value->data);
    params->sizes[params->count - 1] = value->size > INT32_MAX ? INT32_MAX : (int)value->size;
    params->formats[params->count - 1] = 1;
}

void pg_bind_time(struct pg_params *params, int64_t usec)
{
    bind_value(params, NULL);
    int slot = params->count - 1;
    if (usec != USEC_NONE)
        params->values[slot] = clock_format_iso(usec, params->numbers[slot]);
}

void pg_array_init(struct pg_array *array, size_t maximum)
{
    buffer_init(&array->text, maximum);
}

void pg_array_free(struct pg_array *array)
{
    buffer_free(&array->text);
}

static bool start_element(struct pg_array *array, struct error *error)
{
    return buffer_append_byte(&array->text, array->text.size == 0 ? '{' : ',', error);
}

bool pg_array_add_text(struct pg_array *array, const char *text_or_null, struct error *error)
{
    if (!start_element(array, error))
        return false;
    if (text_or_null == NULL)
        return buffer_append_text(&array->text, "NULL", error);
    if (!buffer_append_byte(&array->text, '"', error))
        return false;
    for (const char *c = text_or_null; *c != '\0';) {
        size_t plain = strcspn(c, "\"\\");
        if (!buffer_append(&array->text, c, plain, error))
            return false;
        c += plain;
        if (*c != '\0' && !buffer_printf(&array->text, error, "\\%c", *c++))
            return false;
    }
    return buffer_append_byte(&array->text, '"', error);
}

bool pg_array_add_int(struct pg_array *array, int64_t number, struct error *error)
{
    return start_element(array, error) && buffer_printf(&array->text, error, "%" PRId64, number);
}

bool pg_array_text(struct pg_array *array, const char **text, struct error *error)
{
    if (array->text.size == 0 && !buffer_append_byte(&array->text, '{', error))
        return false;
    if (!buffer_append_byte(&array->text, '}', error))
        return false;
    *text = array->text.data;
    return true;
}
