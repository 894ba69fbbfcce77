/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event as `exportd ingest` reads it: a JSON object a line. Parsing does no I/O.
 *
 *     {"event_id": "32 hex digits", "project_id": 1, "hashes": ["..."], "message": "...",
 *      "platform": "other", "datetime": "2017-12-10T06:55:46.000000Z",
 *      "data": {"received": 1512888946, "tags": {"environment": "production", "release": "1.0"},
 *               "sentry.interfaces.User": {"id": "7", "email": "...", "username": "...",
 *                                          "ip_address": "..."}}}
 *
 * event_id, project_id, datetime and a hash must be there; `primary_hash` stands for `hashes` where
 * that is absent, `project` for project_id, and `timestamp` (a text, or seconds since 1970) for
 * datetime. `tags` may also be a list of pairs, and `user` stands for `sentry.interfaces.User`.
 *
 * What data holds may also stand beside event_id, as Sentry's own JSON of an event and its SDKs
 * write it. environment, release, dist, level, logger, server_name and transaction, in either
 * place, are tags. Of two that say the same, data comes before the event and a member before the
 * tag of its name. Unknown members are ignored.
 */
#ifndef WIRE_EVENT_LINE_H
#define WIRE_EVENT_LINE_H

#include "base/arena.h"
#include "base/clock.h"

#define EVENT_LINE_MAX   ((size_t)1024 * 1024)
#define EVENT_TAGS_MAX   1000
#define EVENT_HASHES_MAX 100

/* 9999-01-01: no event is as late as that. */
#define EVENT_TIME_END (INT64_C(253370764800) * USEC_PER_SECOND)

/* In characters: what the tables hold. */
#define EVENT_TAG_KEY_MAX       32
#define EVENT_TAG_VALUE_MAX     200
#define EVENT_PLATFORM_MAX      64
#define EVENT_USER_ID_MAX       128
#define EVENT_USER_EMAIL_MAX    75
#define EVENT_USER_USERNAME_MAX 128
#define EVENT_USER_ADDRESS_MAX  64

struct event_tag {
    const char *key;   /* 1 to 32 characters of [a-zA-Z0-9_.:-] */
    const char *value; /* 0 to 200 characters, no newline */
};

/* NULL: not given, or dropped. "" is taken as not given. No newline in any. Whether the address is
   one is not looked at. */
struct event_line_user {
    const char *id, *email, *username, *ip_address;
};

struct event_line {
    const char *event_id; /* 32 lower-case hex digits; dashes of a UUID are dropped */
    int64_t project_id;   /* 1 to INT64_MAX */
    const char **hashes;  /* 1 or more, each 1 to 32 bytes, in order, without repetition */
    size_t hash_count;
    const char *message;  /* "" when absent */
    const char *platform; /* NULL when absent; at most 64 characters, no newline */
    int64_t datetime;
    int64_t received; /* USEC_NONE when absent */

    /* As in the line, one a key (of repeated ones the last wins), reserved names prefixed: a plain
       `release`, `dist`, `user`, `filename`, `function` is stored as `sentry:release` ... */
    struct event_tag *tags;
    size_t tag_count;
    struct event_line_user user;

    size_t dropped;          /* tags and attributes of the user that cannot be held */
    const char *drop_reason; /* of the first of them: "the tag 'k' has no plain value" */
};

/* Reads one line without its line end. All texts live in `arena` and are clean UTF-8. ERROR_INVALID
   names the first thing that is wrong, also a NUL anywhere; ERROR_TOO_LARGE. A tag's key
   is 1 to 32 of [a-zA-Z0-9_.:-], its value at most 200 characters without a newline. Numbers and
   booleans of tags and users become their text (100, 0.5, true). A tag or an attribute of the user
   that is nested, too long or of several lines is dropped, so is a tag of null and any beyond
   EVENT_TAGS_MAX: the rest of the event stays. */
bool event_line_parse(const char *text, size_t size, struct arena *arena, struct event_line *event,
                      struct error *error) MUST_CHECK;

/* Counts something that is dropped. `reason` lives as long as the event. */
void event_line_drop(struct event_line *event, const char *reason);

#endif
