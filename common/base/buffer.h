/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing array of bytes that knows its maximum. It is always NUL-terminated (the NUL does not
 * count), so that text in it can be passed on as it is.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/error.h"

struct buffer {
    char *data;      /* never NULL; data[size] is NUL */
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated, the NUL included; 0: nothing allocated yet */
    size_t maximum;  /* size never exceeds it */
};

/* An empty buffer that may grow to `maximum` bytes. Allocates nothing yet. */
void buffer_init(struct buffer *buffer, size_t maximum);

/* Frees the memory; the buffer is then as after buffer_init. */
void buffer_free(struct buffer *buffer);

/* Forgets the contents, keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Room for `more` bytes behind the contents, so that the next appends of that many cannot fail.
   ERROR_TOO_LARGE beyond the maximum, ERROR_AWAY without memory; contents unchanged then. */
bool buffer_reserve(struct buffer *buffer, size_t more, struct error *error) MUST_CHECK;

/* Append bytes, a C string, one byte, formatted text. Errors as buffer_reserve. */
bool buffer_append(struct buffer *buffer, const void *bytes, size_t size,
                   struct error *error) MUST_CHECK;
bool buffer_append_text(struct buffer *buffer, const char *text, struct error *error) MUST_CHECK;
bool buffer_append_byte(struct buffer *buffer, char byte, struct error *error) MUST_CHECK;
bool buffer_printf(struct buffer *buffer, struct error *error, const char *format, ...)
    PRINTF_LIKE(3, 4) MUST_CHECK;

#endif
