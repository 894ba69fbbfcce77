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

/* The ids of all exports that a message leads to: in kombu's lists and exportd's, and among what
   Celery workers have taken and not acknowledged. Messages that cannot be read lead nowhere. Not
   one moment's picture: what leaves these lists meanwhile may be missing, and is in PostgreSQL by
   then. Free *ids with message_ids_free, also after an error. */
bool messages_find(const struct intake_lists *lists, struct redis *redis, struct message_ids *ids,
                   struct error *error) MUST_CHECK;
bool message_ids_has(const struct message_ids *ids, int64_t id);
void message_ids_free(struct message_ids *ids);

#endif
