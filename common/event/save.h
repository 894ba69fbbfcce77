/* SPDX-License-Identifier: Apache-2.0 */
/* Saves a batch of events to all tables. */
#ifndef EVENT_SAVE_H
#define EVENT_SAVE_H

#include "event/last_processed.h"
#include "tagstore/tagstore.h"

struct saver {
    struct pg *pg;
    struct tagstore *tagstore;    /* over the same connection: one transaction */
    const char *sampled_projects; /* as in EXPORTD_SAMPLED_PROJECTS */
    struct arena *arena;          /* reset by each call of save_events */

    /* Set by save_events, in the arena: what to record of the events that it has counted. */
    struct last_processed_list last;
};

/* Saves events, given in the order of the input, and sets the state of each: EVENT_COUNTED,
   EVENT_REPEATED, or EVENT_BAD for an unknown project. After a failure none of them is counted, and
   each is EVENT_READ. ERROR_CONFLICT without an SQLSTATE, or with 40P01 or 40001: another writer
   was quicker; call again with the same events. */
bool save_events(struct saver *saver, struct event **events, size_t count,
                 struct error *error) MUST_CHECK;

#endif
