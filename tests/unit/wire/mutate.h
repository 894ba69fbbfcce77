/* SPDX-License-Identifier: Apache-2.0 */
/* Changes bytes at random, as a test for parsers. The same seed gives the same bytes. */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include "base/prelude.h"

struct mutator {
    uint64_t state;
};

static inline uint32_t mutate_random(struct mutator *mutator, size_t bound)
{
    mutator->state = mutator->state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((mutator->state >> 33) % bound);
}

/* Replaces, removes, doubles or inserts a few bytes of `text`, which has `room` bytes of memory. */
static inline size_t mutate(struct mutator *mutator, char *text, size_t size, size_t room)
{
    static const char nasty[] = "\"\\{}[]:,0-9eE.+u\xff\xc3\xed\xf0\x00\n=ntfN";
    uint32_t count = 1 + mutate_random(mutator, 4);
    for (uint32_t i = 0; i < count && size > 1; i++) {
        size_t at = mutate_random(mutator, size);
        size_t length = 1 + mutate_random(mutator, size - at < 8 ? size - at : 8);
        switch (mutate_random(mutator, 4)) {
        case 0:
            text[at] = nasty[mutate_random(mutator, sizeof(nasty) - 1)];
            break;
        case 1:
            text[at] = (char)mutate_random(mutator, 256);
            break;
        case 2:
            memmove(text + at, text + at + length, size - at - length);
            size -= length;
            break;
        default:
            if (size + length <= room) {
                memmove(text + at + length, text + at, size - at);
                size += length;
            }
        }
    }
    return size;
}

/* Returns a copy of exactly `size` bytes on the heap: the sanitizer detects a read beyond its
   end. */
static inline char *mutate_exact_copy(const char *text, size_t size)
{
    char *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, text, size);
    return copy;
}

#endif
