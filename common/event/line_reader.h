/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a file, one at a time; a line that is too long is passed over without being held. */
#ifndef EVENT_LINE_READER_H
#define EVENT_LINE_READER_H

#include "base/buffer.h"
#include "event/input.h"

struct line_reader {
    FILE *file;
    struct input *input; /* NULL until the first line */
    char *bytes;         /* read and not given out yet */
    size_t at, size;
    struct buffer line; /* without its line end */
    size_t maximum;
    int64_t number; /* of the line just read, from 1 */
    bool too_long;  /* the line just read: `line` is empty */
};

/* The file may be compressed (input.h). It stays the caller's. */
void line_reader_init(struct line_reader *reader, FILE *file, size_t maximum);
void line_reader_free(struct line_reader *reader);

/* Reads the next line that is not blank. *end when there is none. False when the input cannot be
   read, or is damaged: what it had of a line then does not count. */
bool line_reader_next(struct line_reader *reader, bool *end, struct error *error) MUST_CHECK;

#endif
