/* SPDX-License-Identifier: Apache-2.0 */
/* Small things about text that the C library does not do strictly enough. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/error.h"

/* Reads a whole decimal number (optional "-", digits, nothing else) of the range min..max.
   False when it is none; *value is then unchanged. */
bool text_to_int64(const char *text, int64_t min, int64_t max, int64_t *value) MUST_CHECK;

/* Copies `text` and its NUL into `to` (of `size` bytes). False, and nothing copied, when it does
   not fit. */
bool text_copy(char *to, size_t size, const char *text) MUST_CHECK;

/* A copy on the heap, or NULL without memory; free() it. */
char *text_duplicate(const char *text);

bool text_equal(const char *a, const char *b);
bool text_starts_with(const char *text, const char *start);

/* Whether a byte below 0x20 or 0x7f is in it: refused in mail headers, escaped on terminals. */
bool text_has_control(const char *text);

/* Writes `text` to `out`; when that is a terminal, bytes of control characters (C0, DEL, C1) and of
   what is not UTF-8 become \xNN, so that data cannot drive it. */
void text_print(FILE *out, const char *text);

/* The same, whatever `out` is. */
void text_print_escaped(FILE *out, const char *text);

/* What a noun gets behind a count: "" for one, else "s". */
const char *text_plural(int64_t count);

/* A number of bytes (0 or more) for people: "999 bytes", "1.0 kB". Returns `text`. */
#define TEXT_SIZE_MAX 32
char *text_size(int64_t bytes, char text[TEXT_SIZE_MAX]);

#endif
