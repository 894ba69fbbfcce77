/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON by jansson, with the checks that a careful reader would make each time. Objects keep the
 * order in which their members were set.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buffer.h"

#include <jansson.h>

/* Parses one value of at most `maximum` bytes; nothing may follow it. Of members of the same name
   the last one wins, as in Python. *value is owned by the caller (json_decref). ERROR_INVALID,
   ERROR_TOO_LARGE, ERROR_AWAY without memory. Text from outside goes through clean_json_parse
   (wire/clean_text.h) instead: jansson refuses what others write (lone surrogates, NUL, invalid
   UTF-8, integers over 64 bits).
 */
bool json_parse(const char *text, size_t size, size_t maximum, json_t **value,
                struct error *error) MUST_CHECK;

/* A whole number of the range min..max, written as a JSON integer or as a string of decimal digits.
   False for anything else, also NULL; *number is then unchanged. */
bool json_to_int64(const json_t *value, int64_t min, int64_t max, int64_t *number) MUST_CHECK;

/* Set a member; ERROR_AWAY when there is no memory for it. A text is cleaned of nothing: it must be
   UTF-8, else ERROR_INTERNAL. json_put steals `value`; NULL means that there was no memory for it.
 */
bool json_put(json_t *object, const char *name, json_t *value, struct error *error) MUST_CHECK;
bool json_put_text(json_t *object, const char *name, const char *text_or_null,
                   struct error *error) MUST_CHECK;
bool json_put_int(json_t *object, const char *name, int64_t number, struct error *error) MUST_CHECK;
bool json_put_null(json_t *object, const char *name, struct error *error) MUST_CHECK;

/* A moment in ISO-8601 in UTC; USEC_NONE is null. */
bool json_put_time(json_t *object, const char *name, int64_t usec, struct error *error) MUST_CHECK;

/* Appends `value` as text: compact (`,` `:`), not escaped beyond need. ERROR_TOO_LARGE
   beyond the buffer's maximum, ERROR_AWAY without memory. */
bool json_write(const json_t *value, struct buffer *out, struct error *error) MUST_CHECK;

/* The value as text on the heap, for free(), as by json_dumps with `flags`; but that one leaves
   things out when memory is short. ERROR_AWAY then. */
bool json_print(const json_t *value, size_t flags, char **text, struct error *error) MUST_CHECK;

/* Print `value` and a newline, to standard output or `out`: one object a line. ERROR_AWAY without
   memory, ERROR_INTERNAL when it cannot be written. */
bool json_print_line(const json_t *value, struct error *error) MUST_CHECK;
bool json_print_line_to(FILE *out, const json_t *value, struct error *error) MUST_CHECK;

#endif
