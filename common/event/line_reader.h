/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file line by line. A line that is too long is skipped and never held in memory. */
#ifndef EVENT_LINE_READER_H
#define EVENT_LINE_READER_H

#include "base/buffer.h"
#include "event/input.h"

struct line_reader {
    FILE *file;
    struct input *input; /* NULL until the first line */
    char *bytes;         /* the piece read last */
    size_t at, size;     /* of `bytes`: where the next line begins, and the end */
    struct buffer line;  /* the line just read, without its line end */
    size_t maximum;
    int64_t number; /* of the line just read, from 1 */
    bool too_long;  /* the line just read is longer than `maximum`, and `line` is empty */
};

/* `maximum`: bytes of a line. The file may be compressed (input.h). The caller closes it. */
void line_reader_init(struct line_reader *reader, FILE *file, size_t maximum);
void line_reader_free(struct line_reader *reader);

/* Reads the next line that is not blank; *end if there is none. False if the input cannot be read
   or is damaged; the part of a line before the damage is lost. Errors as input_read. */
bool line_reader_next(struct line_reader *reader, bool *end, struct error *error) MUST_CHECK;

#endif
