/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads plain data in pickle, the body of a Celery message of a Sentry of 2020. A pickle is a
 * program for a small stack machine; Python's own reader calls any function that the program names.
 * This reader knows only the opcodes that build plain values, in protocols 2 to 5. It refuses all
 * others by name: objects, classes, calls, persistent ids, extension codes, external buffers, and
 * the text opcodes of protocols 0 and 1.
 *
 *     Python                                       JSON
 *     None, True, False, int of 64 bits, float     null, true, false, integer, real
 *     a larger int, nan, inf                       a text, which is not taken for a number
 *     str, and bytes (Python 2's str)              text, cleaned as by clean_text
 *     list, tuple, set, frozenset                  array
 *     dict whose keys are texts                    object; the last of equal keys counts
 */
#ifndef WIRE_PICKLE_H
#define WIRE_PICKLE_H

#include "base/json.h"

/* The limits of nested lists and dicts, and of values. A short program can build very much by using
   a value again and again; each use counts, with all values that it contains. */
#define PICKLE_DEPTH_MAX  100
#define PICKLE_VALUES_MAX 100000

/* Reads one pickle, which must be the whole of `bytes`. The caller releases *value (json_decref)
   and must not change it, because values in it may be shared. ERROR_INVALID names the opcode and
   its position in bytes; ERROR_TOO_LARGE beyond the limits; ERROR_AWAY without memory. */
bool pickle_parse(const char *bytes, size_t size, json_t **value, struct error *error) MUST_CHECK;

#endif
