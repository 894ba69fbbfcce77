/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jansson's memory. jansson (2.14) does not check all its allocations. After a failure its parser
 * loses a character and goes on, or reads beyond its buffer; its printer with sorted keys leaves a
 * key out. So each call of them gets a reserve of memory: after the first failure jansson is served
 * from the reserve, and its result is thrown away. All this is per thread. For base/json.c only.
 */
#ifndef BASE_JSON_MEMORY_H
#define BASE_JSON_MEMORY_H

#include "base/error.h"

/* After a failure the parser may get at most this many more bytes of text. */
#define JSON_MEMORY_PIECE 256

/* Makes the reserve, before `size` bytes of text are parsed or (0) a value is printed. ERROR_AWAY
   without memory. */
bool json_memory_begin(size_t size, struct error *error) MUST_CHECK;

/* Whether an allocation has failed since json_memory_begin. */
bool json_memory_failed(void);

/* Frees the reserve, after the call. After a failure, the result of the call must be freed
   before. */
void json_memory_end(void);

/* Frees memory that jansson has allocated for its caller. */
void json_memory_free(void *block);

#endif
