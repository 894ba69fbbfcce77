/* SPDX-License-Identifier: Apache-2.0 */
/* Cleans text from outside: it becomes UTF-8 for Postgres and the CSV, and JSON that jansson
   accepts. */
#ifndef WIRE_CLEAN_TEXT_H
#define WIRE_CLEAN_TEXT_H

#include "base/json.h"

/* Whether `text` is valid UTF-8 without a NUL, so that it needs no cleaning. */
bool clean_text_is_clean(const char *text, size_t size);

/* Appends `text` to `out`. Drops each NUL, and replaces each maximal invalid sequence by one
   U+FFFD, as Unicode recommends and Python's errors="replace" does. Errors as buffer_append. */
bool clean_text(const char *text, size_t size, struct buffer *out, struct error *error) MUST_CHECK;

/* Appends the JSON text, changed where jansson would refuse it. In strings, invalid UTF-8 and lone
   surrogate escapes become U+FFFD, and \u0000 and NUL bytes are dropped. Elsewhere, NaN, Infinity
   and numbers that fit neither 64 bits nor a double become strings of the same characters. A byte
   order mark at the beginning is dropped. Everything else is unchanged. The result is at most three
   times as long. */
bool clean_json(const char *text, size_t size, struct buffer *out, struct error *error) MUST_CHECK;

/* clean_json and json_parse in one. ERROR_TOO_LARGE if `size` is above `maximum`. The value is for
   json_decref. */
bool clean_json_parse(const char *text, size_t size, size_t maximum, json_t **value,
                      struct error *error) MUST_CHECK;

/* The size in bytes of the first `characters` code points of `text`, which is valid UTF-8. */
size_t clean_text_cut(const char *text, size_t size, size_t characters);

#endif
