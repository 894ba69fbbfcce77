/* SPDX-License-Identifier: Apache-2.0 */
/* The last processed event of each group hash, in Redis: the field <grouphash_id> of the hash
   `last-processed-event:<project_id>:<grouphash_id mod 16>`. */
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

/* Lists what to record for a batch: for each hash the last stored event whose group is the hash's
   group. Sampled events are not stored. The list is in the batch's arena. */
bool last_processed_list(const struct event_batch *batch, const struct grouping *grouping,
                         struct last_processed_list *list, struct error *error) MUST_CHECK;

/* Records the list in one pipeline. Connects if there is no connection. */
bool last_processed_record(struct redis *redis, const struct last_processed *list, size_t count,
                           struct error *error) MUST_CHECK;

/* Reads event_id of each item, in one pipeline; the texts are in `arena`. Connects if there is no
   connection. */
bool last_processed_fetch(struct redis *redis, struct last_processed *list, size_t count,
                          struct arena *arena, struct error *error) MUST_CHECK;

#endif
