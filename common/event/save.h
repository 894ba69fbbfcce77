/* One transaction of ingest: a batch of events into all the tables. */
#ifndef EVENT_SAVE_H
#define EVENT_SAVE_H

#include "event/event.h"
#include "tagstore/tagstore.h"

/* Saves events, given in the order of the input, and sets the state of each: EVENT_COUNTED,
   EVENT_REPEATED, or EVENT_BAD for an unknown project. All or nothing: after a failure nothing is
   counted. ERROR_CONFLICT without an SQLSTATE, or with 40P01 or 40001: another writer
   was quicker, the same again will do. `arena` is for scratch and is reset. */
bool save_events(struct pg *pg, struct tagstore *tagstore, struct event **events, size_t count,
                 struct arena *arena, struct error *error) MUST_CHECK;

#endif
