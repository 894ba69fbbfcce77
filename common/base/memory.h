/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the heap. exportd allocates all its memory by these functions, so that a test can let
 * an allocation fail. free() frees it.
 *
 * All return NULL without memory. The caller then fails with ERROR_AWAY, so that a job is retried.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `size` bytes, not initialized. */
void *memory_alloc(size_t size) __attribute__((malloc, warn_unused_result));

/* `count` zeroed elements of `size` bytes; checks the multiplication. */
void *memory_zeroed(size_t count, size_t size) __attribute__((malloc, warn_unused_result));

/* Resize a block, and may move it. After NULL the old block is unchanged. The second function
   checks the multiplication. */
void *memory_resize(void *block_or_null, size_t size) __attribute__((warn_unused_result));
void *memory_resize_array(void *block_or_null, size_t count, size_t size)
    __attribute__((warn_unused_result));

/* Returns free memory to the system. To be called after large work; it takes milliseconds. */
void memory_tidy(void);

#ifdef EXPORTD_FAULTS
/* For tests. The n-th allocation that this thread makes from now on fails, and only that one; 1 is
   the next one, 0 none. */
void memory_fail(uint64_t n);

/* Ends memory_fail. True if an allocation has failed. */
bool memory_failed(void);

/* The same, counting the allocations of all threads. When the allocation fails, standard error gets
   the line "allocation <n> fails". */
void memory_fail_process(uint64_t n);
#endif

#endif
