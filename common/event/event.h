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
    EVENT_BAD,      /* skipped; `reason` says why */
};

struct event {
    int64_t line_number;
    enum event_state state;
    char reason[ERROR_MESSAGE_MAX];
    struct event_line line;

    /* Read from the line. */
    const char *level;       /* NULL: none */
    const char *logger;      /* "": none */
    const char *environment; /* "": none, which has a row of its own among the environments */
    const char *release;     /* NULL: none */
    struct event_user user;
    const char *user_tag; /* the value of `sentry:user`; NULL: no user */
    char user_hash[MD5_HEX_SIZE];
    struct event_tag *tags; /* those that count: see event_read */
    size_t tag_count;

    /* Set when the event is saved. */
    int64_t organization_id, environment_id, release_id, group_id;
    bool sampled; /* counted, but not stored */
    int64_t id;   /* of its row in sentry_message; 0: none */
};

/* Reads a line into *event, with all texts in `arena`. A fault in the line makes the event
   EVENT_BAD; false only if memory runs out.
   Tags without a value do not count. An `environment` that is no valid name does not count either;
   it is counted as dropped. If the event has a user, the user's tag value replaces that of
   `sentry:user`. */
bool event_read(const char *text, size_t size, struct arena *arena, struct event *event,
                struct error *error) MUST_CHECK;

/* Makes the event EVENT_BAD. A reason of ERROR_MESSAGE_MAX bytes or more is cut. */
void event_refuse(struct event *event, const char *reason);

/* Adds `usec` to the event's times. ERROR_INVALID if one of them leaves the years 1 to 9999. */
bool event_shift(struct event *event, int64_t usec, struct error *error) MUST_CHECK;

#endif
