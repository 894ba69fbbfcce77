/* SPDX-License-Identifier: Apache-2.0 */
/* Sampling: of the events of a group that happens often all are counted and some are stored. A
   group's first event, and the one that reopens it, are always stored. */
#ifndef EVENT_SAMPLING_H
#define EVENT_SAMPLING_H

#include "event/grouphash.h"

/* Whether a project is in the list of EXPORTD_SAMPLED_PROJECTS ("1,7,12"). */
bool sampling_covers(const char *projects, int64_t project_id);

/* Whether an event is stored anyhow: one of so many by the number of events that its group has had
   before, or by the seconds from the last of them (the group's last_seen: when an event was
   received is kept of no group) to when this one was received. */
bool sampling_keeps(int64_t times_seen, int64_t silence_seconds);

/* Sets `sampled` of the events that are not to be stored. `projects` is the list of
   EXPORTD_SAMPLED_PROJECTS. Locks the groups of these projects. *any: one of them has an event in
   the batch. */
bool sampling_apply(const struct event_batch *batch, const char *projects,
                    const struct grouping *grouping, bool *any, struct error *error) MUST_CHECK;

#endif
