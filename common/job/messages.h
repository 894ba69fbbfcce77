/* SPDX-License-Identifier: Apache-2.0 */
/* Which exports have a message in Redis: for `exportd rescue`. */
#ifndef JOB_MESSAGES_H
#define JOB_MESSAGES_H

#include "job/intake_lists.h"

/* The ids of exports, sorted. */
struct message_ids {
    int64_t *items;
    size_t count, room;
};

/* Finds the ids of all exports that have a message: in kombu's lists, in exportd's, or among the
   messages that Celery workers have taken and not acknowledged. Skips messages that cannot be read.
   A message that leaves these lists meanwhile may be missed; it is in PostgreSQL by then. Free *ids
   with message_ids_free, also after an error. */
bool messages_find(const struct intake_lists *lists, struct redis *redis, struct message_ids *ids,
                   struct error *error) MUST_CHECK;
bool message_ids_has(const struct message_ids *ids, int64_t id);
void message_ids_free(struct message_ids *ids);

#endif
