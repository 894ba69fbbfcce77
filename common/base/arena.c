/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>

enum { BLOCK_SIZE = 64 * 1024 };

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *blocks; /* newest first */
    size_t total, maximum;
};

struct arena *arena_new(size_t maximum)
{
    struct arena *arena = memory_zeroed(1, sizeof(*arena));
    if (arena != NULL)
        arena->maximum = maximum;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    free_blocks(arena->blocks);
    free(arena);
}

void arena_reset(struct arena *arena)
{
    struct block *kept = arena->blocks;
    arena->total = 0;
    if (kept == NULL)
        return;
    free_blocks(kept->next);
    kept->next = NULL;
    kept->used = 0;
    if (kept->size > BLOCK_SIZE) { /* too large to keep */
        free(kept);
        arena->blocks = NULL;
    }
}

static struct block *add_block(struct arena *arena, size_t size, struct error *error)
{
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct block *block = memory_alloc(sizeof(*block) + room);
    if (block == NULL) {
        error_set(error, ERROR_AWAY, "no memory for %zu bytes", room);
        return NULL;
    }
    *block = (struct block){.next = arena->blocks, .size = room};
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size, struct error *error)
{
    if (size > arena->maximum || arena->total > arena->maximum - size) {
        error_set(error, ERROR_TOO_LARGE, "more than %zu bytes of memory", arena->maximum);
        return NULL;
    }
    size_t rounded = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    struct block *block = arena->blocks;
    if (block == NULL || block->size - block->used < rounded)
        block = add_block(arena, rounded, error);
    if (block == NULL)
        return NULL;
    void *result = block->bytes + block->used;
    block->used += rounded;
    arena->total += rounded; /* rounded, so that many small ones are limited, too */
    return memset(result, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size, struct error *error)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        error_set(error, ERROR_TOO_LARGE, "more than %zu bytes of memory", arena->maximum);
        return NULL;
    }
    return arena_alloc(arena, bytes, error);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size, struct error *error)
{
    char *copy = arena_alloc(arena, size + 1, error);
    if (copy != NULL && size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_printf(struct arena *arena, struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        error_set(error, ERROR_INTERNAL, "cannot format a text");
        return NULL;
    }
    char *text = arena_alloc(arena, (size_t)length + 1, error);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}
