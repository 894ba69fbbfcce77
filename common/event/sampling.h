/* SPDX-License-Identifier: Apache-2.0 */
/* Sampling: all events of a frequent group are counted, but only some are stored. The first event
   of a group and the event that reopens a resolved group are always stored. */
#ifndef EVENT_SAMPLING_H
#define EVENT_SAMPLING_H

#include "event/grouphash.h"

/* Whether a project is in the list of EXPORTD_SAMPLED_PROJECTS ("1,7,12"). */
bool sampling_covers(const char *projects, int64_t project_id);

/* Whether an event is stored. `times_seen` counts the earlier events of its group;
   `silence_seconds` is the time from the last of them (the group's last_seen, since no group keeps
   when an event was received) to the time when this event was received. One event in n is stored;
   each of the two numbers gives an n. */
bool sampling_keeps(int64_t times_seen, int64_t silence_seconds);

/* Sets `sampled` in each event of the batch that shall not be stored, and clears it in the others.
   `projects` is the list of EXPORTD_SAMPLED_PROJECTS. Locks the batch's groups that belong to these
   projects; *any: there is such a group. */
bool sampling_apply(const struct event_batch *batch, const char *projects,
                    const struct grouping *grouping, bool *any, struct error *error) MUST_CHECK;

#endif
