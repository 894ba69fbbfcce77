/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file. A file that begins with the two bytes of gzip is uncompressed. */
#ifndef EVENT_INPUT_H
#define EVENT_INPUT_H

#include "base/error.h"

struct input;

/* Reads `file` from its current position. The caller closes the file. NULL if memory runs out. */
struct input *input_new(FILE *file);
void input_free(struct input *input);

/* Reads up to `size` bytes; *got is 0 only at the end. False if the file cannot be read.
   ERROR_INVALID: the compressed data is corrupt or ends too early, or other data follows it. */
bool input_read(struct input *input, char *bytes, size_t size, size_t *got,
                struct error *error) MUST_CHECK;

#endif
