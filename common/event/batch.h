/* SPDX-License-Identifier: Apache-2.0 */
/* A batch: the events that are saved together. */
#ifndef EVENT_BATCH_H
#define EVENT_BATCH_H

#include "event/event.h"

struct event_batch {
    struct pg *pg;         /* the caller's transaction is open */
    struct arena *arena;   /* holds what becomes of the batch */
    struct event **events; /* in the order of the input */
    size_t count;
};

#endif
