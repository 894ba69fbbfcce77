/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of one kind, each once, in the order in which they came: a growing array that finds a row by
   a hash. What folding by sorting all repetitions would do, in one pass. */
#ifndef BASE_ROW_SET_H
#define BASE_ROW_SET_H

#include "base/error.h"

typedef bool row_set_same(const void *a, const void *b);

struct row_slot {
    uint32_t hash;
    uint32_t place; /* counted from 1; 0: free */
};

struct row_set {
    void *rows; /* `count` of them; whoever sorts them or changes what makes them equal adds no more
                 */
    size_t count;

    /* its own */
    size_t row_size, capacity;
    row_set_same *same;
    struct row_slot *slots;
    size_t slot_count; /* a power of 2, or 0 */
};

void row_set_init(struct row_set *set, size_t row_size, row_set_same *same);
void row_set_free(struct row_set *set);

/* *place is that of the row that is the same as `row`; if there is none a copy is put behind the
   others. Equal rows have equal hashes. */
bool row_set_add(struct row_set *set, uint64_t hash, const void *row, size_t *place,
                 struct error *error) MUST_CHECK;

/* A hash of several values: begin with ROW_HASH and mix in one after the other. */
#define ROW_HASH UINT64_C(14695981039346656037)
uint64_t row_hash_int(uint64_t hash, int64_t number);
uint64_t row_hash_text(uint64_t hash, const char *text);

#endif
