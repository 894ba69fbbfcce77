/* The last processed event of each group hash, in Redis (spec/grouphash.md 6): a hash
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

/* The last stored event of each hash that leads to its group: what a batch has to record. `events`
   in the order of the input. In `arena`. */
bool last_processed_list(const struct grouping *grouping, struct event *const *events, size_t count,
                         struct arena *arena, struct last_processed **list, size_t *list_count,
                         struct error *error) MUST_CHECK;

/* Records, in one pipeline. Connects if need be. */
bool last_processed_record(struct redis *redis, const struct last_processed *list, size_t count,
                           struct error *error) MUST_CHECK;

/* Fills event_id of each, in `arena`, in one pipeline. Connects if need be. */
bool last_processed_fetch(struct redis *redis, struct last_processed *list, size_t count,
                          struct arena *arena, struct error *error) MUST_CHECK;

#endif
