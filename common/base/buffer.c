/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <stdarg.h>

static char nothing[1]; /* the data of a buffer without memory; never written */

void buffer_init(struct buffer *buffer, size_t maximum)
{
    *buffer = (struct buffer){.data = nothing, .maximum = maximum};
}

void buffer_free(struct buffer *buffer)
{
    if (buffer->capacity > 0)
        free(buffer->data);
    buffer_init(buffer, buffer->maximum);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    if (buffer->capacity > 0)
        buffer->data[0] = '\0';
}

bool buffer_reserve(struct buffer *buffer, size_t more, struct error *error)
{
    if (more > buffer->maximum || buffer->size > buffer->maximum - more)
        return error_set(error, ERROR_TOO_LARGE, "more than %zu bytes", buffer->maximum);
    size_t needed = buffer->size + more + 1;
    if (needed <= buffer->capacity)
        return true;
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < needed)
        capacity += capacity / 2;
    char *data = memory_resize(buffer->capacity > 0 ? buffer->data : NULL, capacity);
    if (data == NULL)
        return error_set(error, ERROR_AWAY, "no memory for %zu bytes", capacity);
    data[buffer->size] = '\0';
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t size, struct error *error)
{
    if (size == 0)
        return true;
    if (!buffer_reserve(buffer, size, error))
        return false;
    memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
    return true;
}

bool buffer_append_text(struct buffer *buffer, const char *text, struct error *error)
{
    return buffer_append(buffer, text, strlen(text), error);
}

bool buffer_append_byte(struct buffer *buffer, char byte, struct error *error)
{
    return buffer_append(buffer, &byte, 1, error);
}

bool buffer_printf(struct buffer *buffer, struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return error_set(error, ERROR_INTERNAL, "cannot format a text");
    if (!buffer_reserve(buffer, (size_t)length, error))
        return false;
    va_start(arguments, format);
    (void)vsnprintf(buffer->data + buffer->size, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->size += (size_t)length;
    return true;
}
