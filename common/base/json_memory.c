/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/base/no_memory_test.c. */
#include "base/json_memory.h"

#include <jansson.h>

/* The memory for the values in a piece of text: less than 100 bytes per byte, even for `{},{},`. */
enum { PIECE_VALUES = 100 * JSON_MEMORY_PIECE };

static _Thread_local struct {
    char *bytes; /* NULL: not within a call */
    size_t size, used;
    bool failed;
} reserve;

bool json_memory_begin(size_t size, struct error *error)
{
    /* the parser's buffer doubles up to twice the text's size, and there are two copies of it */
    reserve.size = 6 * size + PIECE_VALUES;
    reserve.bytes = memory_alloc(reserve.size);
    reserve.used = 0;
    reserve.failed = false;
    return reserve.bytes != NULL || error_no_memory(error);
}

bool json_memory_failed(void)
{
    return reserve.failed;
}

void json_memory_end(void)
{
    free(reserve.bytes);
    reserve.bytes = NULL;
    reserve.failed = false;
}

static void *take_from_reserve(size_t size)
{
    size_t rounded = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    if (reserve.bytes == NULL || rounded < size || rounded > reserve.size - reserve.used)
        return NULL;
    reserve.used += rounded;
    return reserve.bytes + reserve.used - rounded;
}

static void *allocate(size_t size)
{
    void *block = reserve.failed ? NULL : memory_alloc(size);
    if (block != NULL)
        return block;
    reserve.failed = reserve.bytes != NULL;
    return take_from_reserve(size);
}

void json_memory_free(void *block)
{
    uintptr_t at = (uintptr_t)block, start = (uintptr_t)reserve.bytes;
    if (reserve.bytes == NULL || at < start || at >= start + reserve.size)
        free(block);
}

/* Runs before main, when no thread uses jansson. */
__attribute__((constructor)) static void install_allocator(void)
{
    json_set_alloc_funcs(allocate, json_memory_free);
}
