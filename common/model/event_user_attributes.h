/* SPDX-License-Identifier: Apache-2.0 */
/* exportd.event_user_attributes: the user of each event, as the event describes it. Unlike rows of
   sentry_eventuser, these are never merged, so that events can be found by each attribute. */
#ifndef MODEL_EVENT_USER_ATTRIBUTES_H
#define MODEL_EVENT_USER_ATTRIBUTES_H

#include "model/event_user.h"

struct event_user_attributes {
    int64_t event_id; /* of its row in sentry_message */
    int64_t project_id, group_id, environment_id;
    int64_t seen;
    struct event_user user; /* "" and an invalid ip_address count as not known */
};

/* Stores the users of new events. A row without any attribute is allowed, but useless. */
bool event_user_attributes_insert(struct pg *pg, const struct event_user_attributes *rows,
                                  size_t count, struct error *error) MUST_CHECK;

struct project_events {
    int64_t project_id;
    const int64_t *event_ids;
    size_t count;
};

/* Move events to another group: some by their ids, or all of a group. */
bool event_user_attributes_move_events(struct pg *pg, const struct project_events *events,
                                       int64_t destination_group_id,
                                       struct error *error) MUST_CHECK;
bool event_user_attributes_move_group(struct pg *pg, int64_t project_id, int64_t group_id,
                                      int64_t destination_group_id, struct error *error) MUST_CHECK;

#endif
