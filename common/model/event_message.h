/* SPDX-License-Identifier: Apache-2.0 */
/* Events: sentry_message. A row proves that its event has been counted. An event that was counted
   but not stored (sampling) has a row in exportd.sampled_event instead. */
#ifndef MODEL_EVENT_MESSAGE_H
#define MODEL_EVENT_MESSAGE_H

#include "client/pg.h"

struct event_message {
    int64_t id;
    int64_t project_id;
    const char *event_id; /* the column message_id: 32 hex digits */
    int64_t group_id;
    const char *message;
    const char *platform; /* NULL: not known */
    int64_t datetime;
};

#define EVENT_MESSAGE_SAMPLED (-1)

/* Looks the messages up by project and event id. Sets the id of each one that is stored, or
   EVENT_MESSAGE_SAMPLED if it was sampled; leaves the other ids as they are. */
bool event_message_find(struct pg *pg, struct event_message *messages, size_t count,
                        struct error *error) MUST_CHECK;

/* Stores messages with their ids (model/sequence.h). The array is sorted by project, then event id:
   all writers keep this order, so that they do not deadlock. ERROR_CONFLICT if another transaction
   has stored one of them meanwhile. */
bool event_message_insert(struct pg *pg, const struct event_message *messages, size_t count,
                          struct error *error) MUST_CHECK;

/* Does the same in exportd.sampled_event, for messages that are counted but not stored. */
bool event_message_insert_sampled(struct pg *pg, const struct event_message *messages, size_t count,
                                  struct error *error) MUST_CHECK;

/* Moves a group's events to another group. *moved: how many. */
bool event_message_move(struct pg *pg, int64_t group_id, int64_t destination_group_id,
                        int64_t *moved, struct error *error) MUST_CHECK;

#endif
