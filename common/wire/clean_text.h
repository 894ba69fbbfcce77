/* SPDX-License-Identifier: Apache-2.0 */
/* Makes text from outside fit for those who are strict: UTF-8 for Postgres and the CSV, JSON for
   jansson. */
#ifndef WIRE_CLEAN_TEXT_H
#define WIRE_CLEAN_TEXT_H

#include "base/json.h"

/* Whether it is valid UTF-8 without a NUL: then it needs no cleaning. */
bool clean_text_is_clean(const char *text, size_t size);

/* Appends `text` to `out` with every NUL dropped and every maximal invalid sequence replaced by one
   U+FFFD (as Unicode recommends, and as Python's errors="replace" does). */
bool clean_text(const char *text, size_t size, struct buffer *out, struct error *error) MUST_CHECK;

/* Appends the JSON text with what jansson refuses mended. In strings: invalid UTF-8 and lone
   surrogate escapes become U+FFFD, \u0000 and NUL bytes are dropped. Elsewhere: numbers that
   neither 64 bits nor a double can hold become strings of the same digits, so do NaN and Infinity,
   a byte order mark at the beginning is dropped. The rest is left alone. The result is at most
   three times as long. */
bool clean_json(const char *text, size_t size, struct buffer *out, struct error *error) MUST_CHECK;

/* clean_json and json_parse in one; `maximum` bounds `size`. *value is the caller's. */
bool clean_json_parse(const char *text, size_t size, size_t maximum, json_t **value,
                      struct error *error) MUST_CHECK;

/* Cuts valid UTF-8 to at most `characters` code points: the size in bytes of what remains. */
size_t clean_text_cut(const char *text, size_t size, size_t characters);

#endif
