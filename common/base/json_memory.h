/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jansson's memory. jansson (2.14) does not look everywhere whether it got what it asked for: the
 * parser loses a character and goes on, or reads beyond its buffer; the printer with sorted keys
 * leaves a key out. So around a call of theirs there is a reserve, from which jansson is served
 * from the first failure on; what it then returns is thrown away. All per thread. For base/json.c
 * only.
 */
#ifndef BASE_JSON_MEMORY_H
#define BASE_JSON_MEMORY_H

#include "base/error.h"

/* From a failure on the parser may be given so many more bytes of text. */
#define JSON_MEMORY_PIECE 256

/* Before parsing `size` bytes of text, or printing (0): makes the reserve. ERROR_AWAY without
   memory. */
bool json_memory_begin(size_t size, struct error *error) MUST_CHECK;

/* Whether there has been a failure since. */
bool json_memory_failed(void);

/* After the call. After a failure nothing of what it made may be left by now. */
void json_memory_end(void);

/* Gives back what jansson has allocated for its caller. */
void json_memory_free(void *block);

#endif
