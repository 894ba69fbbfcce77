/* SPDX-License-Identifier: Apache-2.0 */
#include "base/row_set.h"

#include "base/memory.h"

enum { FIRST_SLOTS = 1024 };

void row_set_init(struct row_set *set, size_t row_size, row_set_same *same)
{
    *set = (struct row_set){.row_size = row_size, .same = same};
}

void row_set_free(struct row_set *set)
{
    free(set->rows);
    free(set->slots);
    row_set_init(set, set->row_size, set->same);
}

static void *row_at(const struct row_set *set, size_t place)
{
    return (char *)set->rows + place * set->row_size;
}

/* Copies the used slots into the larger table. */
static void move_slots(struct row_set *set, struct row_slot *slots, size_t count)
{
    for (size_t i = 0; i < set->slot_count; i++) {
        if (set->slots[i].place == 0)
            continue;
        size_t at = set->slots[i].hash & (count - 1);
        while (slots[at].place != 0)
            at = (at + 1) & (count - 1);
        slots[at] = set->slots[i];
    }
}

/* Doubles the table. At most half of the slots are used, so that a row is found after a few steps;
   there is memory for that many rows. */
static bool grow(struct row_set *set, struct error *error)
{
    size_t count = set->slot_count == 0 ? FIRST_SLOTS : set->slot_count * 2;
    if (count > UINT32_MAX)
        return error_set(error, ERROR_TOO_LARGE, "too many rows");
    void *rows = memory_resize_array(set->rows, count / 2, set->row_size);
    if (rows != NULL)
        set->rows = rows;
    struct row_slot *slots = rows == NULL ? NULL : memory_zeroed(count, sizeof(*slots));
    if (slots == NULL)
        return error_set(error, ERROR_AWAY, "no memory for %zu rows", count / 2);
    move_slots(set, slots, count);
    free(set->slots);
    set->slots = slots;
    set->slot_count = count;
    set->capacity = count / 2;
    return true;
}

bool row_set_add(struct row_set *set, uint64_t hash, const void *row, size_t *place,
                 struct error *error)
{
    if (set->count == set->capacity && !grow(set, error))
        return false;
    uint32_t mixed = (uint32_t)(hash ^ hash >> 32);
    size_t at = mixed & (set->slot_count - 1);
    for (; set->slots[at].place != 0; at = (at + 1) & (set->slot_count - 1)) {
        *place = set->slots[at].place - 1;
        if (set->slots[at].hash == mixed && set->same(row_at(set, *place), row))
            return true;
    }
    *place = set->count++;
    memcpy(row_at(set, *place), row, set->row_size);
    set->slots[at] = (struct row_slot){.hash = mixed, .place = (uint32_t)set->count};
    return true;
}

/* Multiplies by the prime of FNV-1a, which mixes the high bits best, and shifts them down. */
static uint64_t mix(uint64_t hash)
{
    hash *= UINT64_C(1099511628211);
    return hash ^ hash >> 29;
}

uint64_t row_hash_int(uint64_t hash, int64_t number)
{
    return mix(mix(hash ^ (uint64_t)number));
}

uint64_t row_hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return mix(hash);
}
