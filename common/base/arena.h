/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: many small allocations that end together. A job has one for itself and one a page.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/error.h"

struct arena;

/* A new arena that gives out at most `maximum` bytes; NULL without memory. Free with arena_free. */
struct arena *arena_new(size_t maximum);

/* Frees the arena and all that came from it. NULL is fine. */
void arena_free(struct arena *arena);

/* Takes back all that was given out; keeps one block of memory for the next round. */
void arena_reset(struct arena *arena);

/* `size` zeroed bytes, aligned for any type, that live until reset or free. NULL and *error
   (ERROR_TOO_LARGE, ERROR_AWAY) when there are none. */
void *arena_alloc(struct arena *arena, size_t size, struct error *error) MUST_CHECK;

/* Room for `count` zeroed things of `size` bytes; checks the multiplication. */
void *arena_array(struct arena *arena, size_t count, size_t size, struct error *error) MUST_CHECK;

/* A NUL-terminated copy of `size` bytes. */
char *arena_copy(struct arena *arena, const void *bytes, size_t size,
                 struct error *error) MUST_CHECK;

/* A formatted text. */
char *arena_printf(struct arena *arena, struct error *error, const char *format, ...)
    PRINTF_LIKE(3, 4) MUST_CHECK;

#endif
