/* Lines of a stream, one at a time; a line that is too long is passed over without being held. */
#ifndef EVENT_LINE_READER_H
#define EVENT_LINE_READER_H

#include "base/buffer.h"

struct line_reader {
    FILE *input;
    struct buffer line; /* without its line end */
    size_t maximum;
    int64_t number; /* of the line just read, from 1 */
    bool too_long;  /* the line just read: `line` is empty */
};

void line_reader_init(struct line_reader *reader, FILE *input, size_t maximum);
void line_reader_free(struct line_reader *reader);

/* Reads the next line that is not blank. *end when there is none. False when the input cannot be
   read. */
bool line_reader_next(struct line_reader *reader, bool *end, struct error *error) MUST_CHECK;

#endif
