/* SPDX-License-Identifier: Apache-2.0 */
/* A growing array of bytes with a maximum. A NUL always follows its contents (not counted in
   `size`), so `data` can be used as a C string. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/error.h"

struct buffer {
    char *data;      /* never NULL; data[size] is NUL */
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated, the NUL included; 0: nothing allocated yet */
    size_t maximum;  /* of `size` */
};

/* An empty buffer that may grow to `maximum` bytes. Allocates nothing yet. */
void buffer_init(struct buffer *buffer, size_t maximum);

/* Frees the memory. The buffer is empty then, with the same maximum. */
void buffer_free(struct buffer *buffer);

/* Empties the buffer, but keeps its memory. */
void buffer_clear(struct buffer *buffer);

/* Allocates room for `more` bytes, so that appending them cannot fail. ERROR_TOO_LARGE beyond the
   maximum, ERROR_AWAY without memory; the contents are unchanged then. */
bool buffer_reserve(struct buffer *buffer, size_t more, struct error *error) MUST_CHECK;

/* Append bytes, a C string, one byte, formatted text. Errors as buffer_reserve. */
bool buffer_append(struct buffer *buffer, const void *bytes, size_t size,
                   struct error *error) MUST_CHECK;
bool buffer_append_text(struct buffer *buffer, const char *text, struct error *error) MUST_CHECK;
bool buffer_append_byte(struct buffer *buffer, char byte, struct error *error) MUST_CHECK;
bool buffer_printf(struct buffer *buffer, struct error *error, const char *format, ...)
    PRINTF_LIKE(3, 4) MUST_CHECK;

#endif
