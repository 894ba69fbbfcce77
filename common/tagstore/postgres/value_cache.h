/* SPDX-License-Identifier: Apache-2.0 */
/* The ids of tag values that this process has met. Most tags of a batch have values that are in
   every batch. A full cache forgets all its ids. An id can be out of date, if the value was deleted
   or its transaction rolled back: the caller that finds this out clears the cache. */
#ifndef TAGSTORE_POSTGRES_VALUE_CACHE_H
#define TAGSTORE_POSTGRES_VALUE_CACHE_H

#include "base/prelude.h"

struct value_cache;

/* NULL without memory. */
struct value_cache *value_cache_new(void);
void value_cache_free(struct value_cache *cache);
void value_cache_clear(struct value_cache *cache);

/* The id of a key's value; 0 if it is not known. */
int64_t value_cache_find(const struct value_cache *cache, int64_t key_id, const char *value);

/* Remembers an id. Does nothing without memory. */
void value_cache_add(struct value_cache *cache, int64_t key_id, const char *value, int64_t id);

#endif
