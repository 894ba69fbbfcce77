/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the heap. Everything that exportd itself allocates is asked for here, so that a test
 * can play a machine that has none left. free() gives it back.
 *
 * All return NULL when there is none; a caller then fails with ERROR_AWAY, which a job survives.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `size` bytes of any content. */
void *memory_alloc(size_t size) __attribute__((malloc, warn_unused_result));

/* Zeroed room for `count` things of `size` bytes; checks the multiplication. */
void *memory_zeroed(size_t count, size_t size) __attribute__((malloc, warn_unused_result));

/* The block, larger or smaller, perhaps elsewhere; NULL: it is still there as it was. The second
   checks the multiplication. */
void *memory_resize(void *block_or_null, size_t size) __attribute__((warn_unused_result));
void *memory_resize_array(void *block_or_null, size_t count, size_t size)
    __attribute__((warn_unused_result));

/* What is free goes back to the system: behind something big. Takes milliseconds. */
void memory_tidy(void);

#ifdef EXPORTD_FAULTS
/* For tests: of the allocations that this thread makes from now on, the n-th fails (1 is the next
   one; 0: none), and only that. */
void memory_fail(uint64_t n);

/* Stops that; true when an allocation has failed since. */
bool memory_failed(void);

/* The same for all allocations of the process, by whatever thread. When it comes to that, a line on
   standard error says so: "allocation <n> fails". */
void memory_fail_process(uint64_t n);
#endif

#endif
