/* SPDX-License-Identifier: Apache-2.0 */
/* The last processed event of each group hash, in Redis: a hash
   `last-processed-event:<project_id>:<grouphash_id mod 16>` with the field <grouphash_id>. */
#ifndef EVENT_LAST_PROCESSED_H
#define EVENT_LAST_PROCESSED_H

#include "client/redis.h"
#include "event/grouphash.h"

struct last_processed {
    int64_t project_id;
    int64_t grouphash_id;
    const char *event_id; /* NULL: none */
};

struct last_processed_list {
    struct last_processed *items;
    size_t count;
};

/* The last stored event of each hash that leads to its group: what a batch has to record. In the
   batch's arena. */
bool last_processed_list(const struct event_batch *batch, const struct grouping *grouping,
                         struct last_processed_list *list, struct error *error) MUST_CHECK;

/* Records, in one pipeline. Connects if need be. */
bool last_processed_record(struct redis *redis, const struct last_processed *list, size_t count,
                           struct error *error) MUST_CHECK;

/* Fills event_id of each, in `arena`, in one pipeline. Connects if need be. */
bool last_processed_fetch(struct redis *redis, struct last_processed *list, size_t count,
                          struct arena *arena, struct error *error) MUST_CHECK;

#endif
