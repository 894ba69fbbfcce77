/* One event as `exportd ingest` reads it: a JSON object a line. Parsing does no I/O. */
#ifndef WIRE_EVENT_LINE_H
#define WIRE_EVENT_LINE_H

#include "base/arena.h"
#include "base/clock.h"

#define EVENT_LINE_MAX   ((size_t)1024 * 1024)
#define EVENT_TAGS_MAX   1000
#define EVENT_HASHES_MAX 100

struct event_tag {
    const char *key;   /* 1 to 32 characters of [a-zA-Z0-9_.:-] */
    const char *value; /* 0 to 200 characters, no newline */
};

struct event_user { /* NULL: not given. "" is taken as not given. */
    const char *id, *email, *username, *ip_address;
};

struct event_line {
    const char *event_id; /* 32 lower-case hex digits; dashes of a UUID are dropped */
    int64_t project_id;   /* 1 to INT64_MAX */
    const char **hashes;  /* 1 or more, each 1 to 32 bytes, in order, without repetition */
    size_t hash_count;
    const char *message;  /* "" when absent */
    const char *platform; /* NULL when absent; at most 64 characters */
    int64_t datetime;
    int64_t received; /* USEC_NONE when absent */
    struct event_tag
        *tags; /* as in the line, one a key (the last wins), reserved names prefixed:
                  a plain `release`, `user`, `dist` is stored as `sentry:release` ... */
    size_t tag_count;
    struct event_user user;
};

/* Reads one line without its line end. All texts live in `arena` and are clean UTF-8. ERROR_INVALID
   names the first thing that is wrong; ERROR_TOO_LARGE. Rules: spec/original.md 4.1 for keys and
   values; numbers and booleans of tags become their text (100, 0.5, true), null and nested values
   are errors. */
bool event_line_parse(const char *text, size_t size, struct arena *arena, struct event_line *event,
                      struct error *error) MUST_CHECK;

#endif
