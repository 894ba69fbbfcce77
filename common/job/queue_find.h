/* SPDX-License-Identifier: Apache-2.0 */
/* Which exports have a message anywhere in Redis: for the sweep and for `exportd rescue`. */
#ifndef JOB_QUEUE_FIND_H
#define JOB_QUEUE_FIND_H

#include "job/queue.h"

struct id_set;

/* NULL is fine. */
void id_set_free(struct id_set *ids);
bool id_set_has(const struct id_set *ids, int64_t id);

/* The ids of all exports that a message leads to: in the four lists, the processing lists of all
   workers, registered or not, and the delayed set. `everywhere`: also in the dead list, and among
   what Celery workers have taken and not acknowledged (kombu's hash `unacked`). Messages that
   cannot be read lead nowhere. Not one moment's picture: a message on its way from one place to
   another may be missed, one that comes or goes meanwhile may be in it or not. */
bool queue_find_ids(struct queue *queue, struct redis *redis, bool everywhere, struct id_set **ids,
                    struct error *error) MUST_CHECK;

#endif
