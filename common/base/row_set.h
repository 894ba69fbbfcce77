/* SPDX-License-Identifier: Apache-2.0 */
/* A set of rows of one type, in the order in which they were first added: a growing array with a
   hash table. It removes repetitions in one pass, without sorting. */
#ifndef BASE_ROW_SET_H
#define BASE_ROW_SET_H

#include "base/error.h"

/* Whether two rows are equal. */
typedef bool row_set_same(const void *a, const void *b);

struct row_slot {
    uint32_t hash;
    uint32_t place; /* of the row, counted from 1; 0: free */
};

struct row_set {
    void *rows; /* `count` of them. After they are sorted, or their compared parts are changed, no
                   row may be added */
    size_t count;

    /* for row_set.c only */
    size_t row_size, capacity;
    row_set_same *same;
    struct row_slot *slots;
    size_t slot_count; /* a power of 2, or 0 */
};

/* row_set_init makes an empty set, without memory; row_set_free frees all memory. */
void row_set_init(struct row_set *set, size_t row_size, row_set_same *same);
void row_set_free(struct row_set *set);

/* Adds a copy of `row` after the others, unless the set has an equal row. *place is the index of
   that row or of the copy. Equal rows must have equal hashes. ERROR_TOO_LARGE for more rows than
   2^30, ERROR_AWAY without memory. */
bool row_set_add(struct row_set *set, uint64_t hash, const void *row, size_t *place,
                 struct error *error) MUST_CHECK;

/* A hash of several values: begin with ROW_HASH and add each value. */
#define ROW_HASH UINT64_C(14695981039346656037)
uint64_t row_hash_int(uint64_t hash, int64_t number);
uint64_t row_hash_text(uint64_t hash, const char *text);

#endif
