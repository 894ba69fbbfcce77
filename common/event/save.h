/* SPDX-License-Identifier: Apache-2.0 */
/* Saving a batch of events into all the tables. */
#ifndef EVENT_SAVE_H
#define EVENT_SAVE_H

#include "event/last_processed.h"
#include "tagstore/tagstore.h"

struct saver {
    struct pg *pg;
    struct tagstore *tagstore;    /* over the same connection: one transaction */
    const char *sampled_projects; /* as in EXPORTD_SAMPLED_PROJECTS */
    struct arena *arena;          /* for scratch: reset with each call */

    /* An answer, in the arena: what is to be recorded of the events just counted. */
    struct last_processed_list last;
};

/* Saves events, given in the order of the input, and sets the state of each: EVENT_COUNTED,
   EVENT_REPEATED, or EVENT_BAD for an unknown project. All or nothing: after a failure nothing is
   counted. ERROR_CONFLICT without an SQLSTATE, or with 40P01 or 40001: another writer
   was quicker, the same again will do. */
bool save_events(struct saver *saver, struct event **events, size_t count,
                 struct error *error) MUST_CHECK;

#endif
