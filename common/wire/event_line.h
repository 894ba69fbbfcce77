/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses an event of `exportd ingest`: each line is a JSON object. Parsing does no I/O.
 *
 *     {"event_id": "32 hex digits", "project_id": 1, "hashes": ["..."], "message": "...",
 *      "platform": "other", "datetime": "2017-12-10T06:55:46.000000Z",
 *      "data": {"received": 1512888946, "tags": {"environment": "production", "release": "1.0"},
 *               "sentry.interfaces.User": {"id": "7", "email": "...", "username": "...",
 *                                          "ip_address": "..."}}}
 *
 * event_id, project_id, datetime and a hash are required. If a member is missing, another one may
 * replace it: `primary_hash` for `hashes`, `project` for project_id, `timestamp` for datetime,
 * `user` for `sentry.interfaces.User`. datetime may also be a number of seconds since 1970, and
 * `tags` a list of pairs.
 *
 * The members of `data` may also be members of the event itself, as in Sentry's own JSON of an
 * event and in its SDKs. environment, release, dist, level, logger, server_name and transaction, in
 * either place, become tags. If two values are for the same tag or attribute, one in `data` wins
 * over one in the event, and a member such as `release` over the tag of its name. Unknown members
 * are ignored.
 */
#ifndef WIRE_EVENT_LINE_H
#define WIRE_EVENT_LINE_H

#include "base/arena.h"
#include "base/clock.h"

#define EVENT_LINE_MAX   ((size_t)1024 * 1024)
#define EVENT_TAGS_MAX   1000
#define EVENT_HASHES_MAX 100

/* 9999-01-01: an event must be earlier. */
#define EVENT_TIME_END (INT64_C(253370764800) * USEC_PER_SECOND)

/* Limits of the tables, in characters. */
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

/* NULL: not given, or dropped; "" counts as not given. None has a newline. The form of ip_address
   is not checked. */
struct event_line_user {
    const char *id, *email, *username, *ip_address;
};

struct event_line {
    const char *event_id; /* 32 lower-case hex digits; dashes of a UUID are dropped */
    int64_t project_id;   /* 1 to INT64_MAX */
    const char **hashes;  /* 1 or more, each 1 to 32 bytes, in order, without repetition */
    size_t hash_count;
    const char *message;  /* "" if missing */
    const char *platform; /* NULL if missing; at most 64 characters, no newline */
    int64_t datetime;
    int64_t received; /* USEC_NONE if missing */

    /* In the order of the line, one per key; the last of equal keys counts. `release`, `dist`,
       `user`, `filename` and `function` get a prefix: `sentry:release` and so on. */
    struct event_tag *tags;
    size_t tag_count;
    struct event_line_user user;

    size_t dropped;          /* the number of tags and user attributes that were dropped */
    const char *drop_reason; /* of the first one, such as "the tag 'k' has no plain value" */
};

/* Parses one line without its line end. All texts live in `arena` and are clean UTF-8.
   ERROR_INVALID names the first fault, such as a NUL anywhere; ERROR_TOO_LARGE; ERROR_AWAY without
   memory. The key of a tag has 1 to 32 characters of [a-zA-Z0-9_.:-], its value at most 200
   characters and no newline. Numbers and booleans of tags and users become text (100, 0.5, true). A
   tag or user attribute that is nested, too long or of several lines is dropped, also a tag with
   value null and tags beyond EVENT_TAGS_MAX. The rest of the event stays. */
bool event_line_parse(const char *text, size_t size, struct arena *arena, struct event_line *event,
                      struct error *error) MUST_CHECK;

/* Counts a dropped part. `reason` must live as long as the event. */
void event_line_drop(struct event_line *event, const char *reason);

#endif
