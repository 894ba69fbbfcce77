/* SPDX-License-Identifier: Apache-2.0 */
/* An event on its way from a line of the input into the tables. */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "base/digest.h"
#include "model/event_user.h"
#include "wire/event_line.h"

enum event_state {
    EVENT_READ,     /* not saved yet */
    EVENT_COUNTED,  /* saved: counted for the first time */
    EVENT_REPEATED, /* counted before, or earlier in the same input */
    EVENT_BAD,      /* passed over; `reason` says why */
};

struct event {
    int64_t line_number;
    enum event_state state;
    char reason[ERROR_MESSAGE_MAX];
    struct event_line line;

    /* What the event says about itself. */
    const char *level;       /* NULL: not said */
    const char *logger;      /* "": not said */
    const char *environment; /* "": not said, which is an environment too */
    const char *release;     /* NULL: not said */
    struct event_user user;
    const char *user_tag; /* NULL: no user */
    char user_hash[MD5_HEX_SIZE];
    struct event_tag *tags; /* those that count */
    size_t tag_count;

    /* What it gets when it is saved. */
    int64_t organization_id, environment_id, release_id, group_id;
    bool sampled; /* counted and not stored */
    int64_t id;   /* of its row in sentry_message; 0: none */
};

/* Reads a line into *event, all in `arena`. What is wrong with the line makes the event
   EVENT_BAD; false only without memory. Tags of no value do not count, nor does an `environment`
   that cannot be one (which is counted as dropped), and `sentry:user` is the tag
   value of the event's user if it has one. */
bool event_read(const char *text, size_t size, struct arena *arena, struct event *event,
                struct error *error) MUST_CHECK;

/* Makes the event EVENT_BAD for a reason (cut if it is very long). */
void event_refuse(struct event *event, const char *reason);

/* Moves its times. ERROR_INVALID when they leave the years 1 to 9999. */
bool event_shift(struct event *event, int64_t usec, struct error *error) MUST_CHECK;

#endif
