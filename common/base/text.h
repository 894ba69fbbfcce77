/* SPDX-License-Identifier: Apache-2.0 */
/* Small functions for text, stricter than those of the C library. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/error.h"

/* Reads a decimal number from min to max: an optional "-", digits, and nothing else. False for any
   other text; *value is unchanged then. */
bool text_to_int64(const char *text, int64_t min, int64_t max, int64_t *value) MUST_CHECK;

/* Copies `text` and its NUL to `to`, which has `size` bytes. If it does not fit, false; nothing is
   copied then. */
bool text_copy(char *to, size_t size, const char *text) MUST_CHECK;

/* A copy on the heap, for free(), or NULL without memory. */
char *text_duplicate(const char *text);

bool text_equal(const char *a, const char *b);
bool text_starts_with(const char *text, const char *start);

/* Whether `text` has a byte below 0x20, or 0x7f. */
bool text_has_control(const char *text);

/* Writes `text` to `out`. On a terminal, control characters (C0, DEL, C1) and bytes that are not
   UTF-8 become \xNN, so that data cannot control the terminal. */
void text_print(FILE *out, const char *text);

/* Like text_print, but escapes also if `out` is not a terminal. */
void text_print_escaped(FILE *out, const char *text);

/* How many columns of a terminal text_print_escaped(text) takes: two for a wide character, none for
   a combining one, four for an escaped byte. */
size_t text_width(const char *text);

/* The plural ending of a noun after a count: "" for 1, else "s". */
const char *text_plural(int64_t count);

/* A number of bytes (0 or more) for people: "999 bytes", "1.0 kB". Returns `text`. */
#define TEXT_SIZE_MAX 32
char *text_size(int64_t bytes, char text[TEXT_SIZE_MAX]);

#endif
