/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/postgres/value_cache.h"

#include "base/arena.h"
#include "base/text.h"

enum {
    SLOTS = 1 << 18,
    ENTRIES_MAX = SLOTS / 4 * 3,
    TEXTS_MAX = 32 * 1024 * 1024,
};

struct slot {
    int64_t id; /* 0: free */
    int64_t key_id;
    const char *value;
};

struct value_cache {
    struct arena *texts;
    size_t count;
    struct slot slots[SLOTS];
};

struct value_cache *value_cache_new(void)
{
    struct value_cache *cache = memory_zeroed(1, sizeof(*cache));
    if (cache == NULL)
        return NULL;
    cache->texts = arena_new(TEXTS_MAX);
    if (cache->texts == NULL) {
        free(cache);
        return NULL;
    }
    return cache;
}

void value_cache_free(struct value_cache *cache)
{
    if (cache == NULL)
        return;
    arena_free(cache->texts);
    free(cache);
}

void value_cache_clear(struct value_cache *cache)
{
    if (cache->count == 0)
        return;
    arena_reset(cache->texts);
    memset(cache->slots, 0, sizeof(cache->slots));
    cache->count = 0;
}

/* FNV-1a */
static uint64_t hash_of(int64_t key_id, const char *value)
{
    static const uint64_t prime = UINT64_C(1099511628211);
    uint64_t hash = (UINT64_C(14695981039346656037) ^ (uint64_t)key_id) * prime;
    for (; *value != '\0'; value++)
        hash = (hash ^ (unsigned char)*value) * prime;
    return hash ^ hash >> 32;
}

/* The slot of the value, or the free slot where it belongs. There is always a free slot. */
static size_t find_slot(const struct value_cache *cache, int64_t key_id, const char *value)
{
    size_t place = hash_of(key_id, value) % SLOTS;
    while (cache->slots[place].id != 0 &&
           (cache->slots[place].key_id != key_id || !text_equal(cache->slots[place].value, value)))
        place = (place + 1) % SLOTS;
    return place;
}

int64_t value_cache_find(const struct value_cache *cache, int64_t key_id, const char *value)
{
    return cache->slots[find_slot(cache, key_id, value)].id;
}

void value_cache_add(struct value_cache *cache, int64_t key_id, const char *value, int64_t id)
{
    struct error ignored;
    size_t size = strlen(value);
    if (cache->count == ENTRIES_MAX)
        value_cache_clear(cache);
    struct slot *slot = &cache->slots[find_slot(cache, key_id, value)];
    if (slot->id == 0) {
        const char *copy = arena_copy(cache->texts, value, size, &ignored);
        if (copy == NULL) {
            value_cache_clear(cache);
            return;
        }
        *slot = (struct slot){.key_id = key_id, .value = copy};
        cache->count++;
    }
    slot->id = id;
}
