/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/base/no_memory_test.c and tests/system/test_no_memory.py. */

/* Allows this file to call malloc and the like. */
#define BASE_MEMORY_IMPLEMENTATION
#include "base/prelude.h"

#include <malloc.h>

#ifdef EXPORTD_FAULTS
#include <stdatomic.h>
#include <unistd.h>

static _Thread_local uint64_t left; /* allocations until one fails; 0: none will fail */
static _Thread_local bool failed;

void memory_fail(uint64_t n)
{
    left = n;
    failed = false;
}

bool memory_failed(void)
{
    left = 0;
    return failed;
}

static uint64_t process_nth; /* set before threads start; 0: none */
static atomic_uint_fast64_t process_count;

void memory_fail_process(uint64_t n)
{
    process_nth = n;
}

/* Prints its line at once, because the process might crash. */
static bool process_fails_now(void)
{
    char line[64];
    if (process_nth == 0 || atomic_fetch_add(&process_count, 1) + 1 != process_nth)
        return false;
    int size = snprintf(line, sizeof(line), "allocation %" PRIu64 " fails\n", process_nth);
    ssize_t written = write(STDERR_FILENO, line, (size_t)size);
    (void)written;
    return true;
}

static bool fails_now(void)
{
    if (process_fails_now())
        return true;
    if (left == 0 || --left > 0)
        return false;
    failed = true;
    return true;
}
#else
static bool fails_now(void)
{
    return false;
}
#endif

void *memory_alloc(size_t size)
{
    return fails_now() ? NULL : malloc(size);
}

void *memory_zeroed(size_t count, size_t size)
{
    return fails_now() ? NULL : calloc(count, size);
}

void *memory_resize(void *block_or_null, size_t size)
{
    return fails_now() ? NULL : realloc(block_or_null, size);
}

void *memory_resize_array(void *block_or_null, size_t count, size_t size)
{
    return fails_now() ? NULL : reallocarray(block_or_null, count, size);
}

void memory_tidy(void)
{
    (void)malloc_trim(0);
}
