/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pickle, as far as it is data: what a Celery message of a Sentry of 2020 has for a body.
 * Pickle is the program of a small stack machine; Python's own reader
 * would call any function that the program names. This one knows the opcodes that build plain
 * values, in protocols 2 to 5, and refuses all others by name: no object, no class, no call, no
 * persistent or extension code, no buffer from elsewhere, and none of the text opcodes of protocols
 * 0 and 1.
 *
 *     Python                                       JSON
 *     None, True, False, int of 64 bits, float     null, true, false, integer, real
 *     a larger int, nan, inf                       a text, so that it is no number of any range
 *     str, and bytes (Python 2's str)              text, cleaned as by clean_text
 *     list, tuple, set, frozenset                  array
 *     dict whose keys are texts                    object; the last of equal keys wins
 */
#ifndef WIRE_PICKLE_H
#define WIRE_PICKLE_H

#include "base/json.h"

/* A program of a few bytes can ask for very much, by referring to what it has built already. These
   bound the lists and dicts within each other, and the values, where one that is referred to counts
   each time with all that is in it. */
#define PICKLE_DEPTH_MAX  100
#define PICKLE_VALUES_MAX 100000

/* Reads one pickle, which must be the whole of `bytes`. *value is the caller's (json_decref);
   values in it may be shared, so it is to be read only. ERROR_INVALID names the opcode and the byte
   at which it stands; ERROR_TOO_LARGE beyond the bounds; ERROR_AWAY without memory. */
bool pickle_parse(const char *bytes, size_t size, json_t **value, struct error *error) MUST_CHECK;

#endif
