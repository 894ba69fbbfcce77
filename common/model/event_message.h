/* SPDX-License-Identifier: Apache-2.0 */
/* Events: sentry_message. A row says that its event has been counted; so does one of
   exportd.sampled_event, of an event that is not stored. */
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

/* Sets the id of each message that is stored already (by project and event id), or
   EVENT_MESSAGE_SAMPLED. */
bool event_message_find(struct pg *pg, struct event_message *messages, size_t count,
                        struct error *error) MUST_CHECK;

/* Stores messages with the ids they have (model/sequence.h), in the order of the array, which all
   writers keep: by project, then event id. ERROR_CONFLICT when another transaction has stored one
   of them meanwhile. */
bool event_message_insert(struct pg *pg, const struct event_message *messages, size_t count,
                          struct error *error) MUST_CHECK;

/* Remembers messages that are counted and not stored. Otherwise the same. */
bool event_message_insert_sampled(struct pg *pg, const struct event_message *messages, size_t count,
                                  struct error *error) MUST_CHECK;

/* Gives a group's events to another group. *moved counts them. */
bool event_message_move(struct pg *pg, int64_t group_id, int64_t destination_group_id,
                        int64_t *moved, struct error *error) MUST_CHECK;

#endif
