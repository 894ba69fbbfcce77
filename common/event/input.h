/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file, which may be compressed with gzip: its first two bytes tell. */
#ifndef EVENT_INPUT_H
#define EVENT_INPUT_H

#include "base/error.h"

struct input;

/* Reads `file` from where it stands; the file stays the caller's. NULL without memory. */
struct input *input_new(FILE *file);
void input_free(struct input *input);

/* Up to `size` bytes; *got is 0 at the end only. False when the file cannot be read; ERROR_INVALID
   when compressed data is corrupt or ends too early. */
bool input_read(struct input *input, char *bytes, size_t size, size_t *got,
                struct error *error) MUST_CHECK;

#endif
