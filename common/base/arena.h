/* SPDX-License-Identifier: Apache-2.0 */
/* An arena: many small allocations that are freed together. A job has one for its whole life and
   one per page. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/error.h"

struct arena;

/* A new arena that gives out at most `maximum` bytes; NULL without memory. Free with arena_free. */
struct arena *arena_new(size_t maximum);

/* Frees the arena and all its allocations. NULL is fine. */
void arena_free(struct arena *arena);

/* Frees all allocations; keeps one block of memory for the next ones. */
void arena_reset(struct arena *arena);

/* Returns `size` zeroed bytes, aligned for any type, that live until reset or free. After a failure
   NULL and ERROR_TOO_LARGE (beyond the maximum) or ERROR_AWAY (no memory). */
void *arena_alloc(struct arena *arena, size_t size, struct error *error) MUST_CHECK;

/* Returns `count` zeroed elements of `size` bytes; checks the multiplication. */
void *arena_array(struct arena *arena, size_t count, size_t size, struct error *error) MUST_CHECK;

/* Returns a NUL-terminated copy of `size` bytes. */
char *arena_copy(struct arena *arena, const void *bytes, size_t size,
                 struct error *error) MUST_CHECK;

/* Returns a formatted text. */
char *arena_printf(struct arena *arena, struct error *error, const char *format, ...)
    PRINTF_LIKE(3, 4) MUST_CHECK;

#endif
