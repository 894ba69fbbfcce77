/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, by jansson, with checks of size, memory and UTF-8. Objects keep the order in which their
 * members were set.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buffer.h"

#include <jansson.h>

/* Parses one value of at most `maximum` bytes. Nothing may follow it. If members have the same
   name, the last one counts, as in Python. The caller releases *value (json_decref). ERROR_INVALID,
   ERROR_TOO_LARGE, ERROR_AWAY without memory. For text from outside use clean_json_parse
   (wire/clean_text.h): jansson refuses what other programs write (lone surrogates, NUL, invalid
   UTF-8, integers of more than 64 bits). */
bool json_parse(const char *text, size_t size, size_t maximum, json_t **value,
                struct error *error) MUST_CHECK;

/* Reads a whole number from min to max, written as a JSON integer or as a string of decimal digits.
   False for anything else, NULL included; *number is unchanged then. */
bool json_to_int64(const json_t *value, int64_t min, int64_t max, int64_t *number) MUST_CHECK;

/* Set a member. ERROR_AWAY without memory. A text must be UTF-8, else ERROR_INTERNAL. json_put
   takes over `value`; if `value` is NULL, it fails with ERROR_AWAY. */
bool json_put(json_t *object, const char *name, json_t *value, struct error *error) MUST_CHECK;
bool json_put_text(json_t *object, const char *name, const char *text_or_null,
                   struct error *error) MUST_CHECK;
bool json_put_int(json_t *object, const char *name, int64_t number, struct error *error) MUST_CHECK;
bool json_put_null(json_t *object, const char *name, struct error *error) MUST_CHECK;

/* Sets a moment, in ISO 8601 in UTC; USEC_NONE is null. */
bool json_put_time(json_t *object, const char *name, int64_t usec, struct error *error) MUST_CHECK;

/* Appends `value` as text, without spaces and with as few escapes as possible. ERROR_TOO_LARGE
   beyond the buffer's maximum, ERROR_AWAY without memory. */
bool json_write(const json_t *value, struct buffer *out, struct error *error) MUST_CHECK;

/* Like json_dumps with `flags`, but fails with ERROR_AWAY without memory, where json_dumps leaves
   parts out. The caller frees *text. */
bool json_print(const json_t *value, size_t flags, char **text, struct error *error) MUST_CHECK;

/* Print `value` in one line, to standard output or to `out`. ERROR_AWAY without memory,
   ERROR_INTERNAL if it cannot be written. */
bool json_print_line(const json_t *value, struct error *error) MUST_CHECK;
bool json_print_line_to(FILE *out, const json_t *value, struct error *error) MUST_CHECK;

#endif
