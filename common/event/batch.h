/* SPDX-License-Identifier: Apache-2.0 */
/* A batch: the events that are saved together. */
#ifndef EVENT_BATCH_H
#define EVENT_BATCH_H

#include "event/event.h"

struct event_batch {
    struct pg *pg;         /* with the caller's open transaction */
    struct arena *arena;   /* for lists about the batch */
    struct event **events; /* in the order of the input */
    size_t count;
};

#endif
