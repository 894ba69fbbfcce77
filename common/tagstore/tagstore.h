/*
 * The tagstore: which tags and values a project or an issue has, how often, first and last seen
 * when. One interface, several backends; its terms and methods are those of the original
 * (spec/tagstore.md). A backend fills struct tagstore_operations (backend.h); callers see only this
 * page.
 *
 * Environment 0 is all environments. Every failure keeps its kind: ERROR_NOT_FOUND (no such key or
 * value), ERROR_AWAY, ERROR_TIMEOUT, ERROR_OVERLOAD, ERROR_QUERY.
 */
#ifndef TAGSTORE_TAGSTORE_H
#define TAGSTORE_TAGSTORE_H

#include "base/arena.h"
#include "base/clock.h"

struct tagstore;

struct tag_key {
    const char *key;
    int64_t values_seen;
};

struct group_tag_value {
    const char *value; /* clean of nothing: the bytes of the backend, NUL-terminated */
    size_t value_size;
    int64_t times_seen;
    int64_t first_seen, last_seen; /* USEC_NONE: not known */
};

void tagstore_free(struct tagstore *store);

/* get_tag_key: the project's key, if it is visible and seen in that environment. ERROR_NOT_FOUND.
   The existence check of an export. */
bool tagstore_get_tag_key(struct tagstore *store, int64_t project_id, int64_t environment_id,
                          const char *key, struct arena *arena, struct tag_key *tag_key,
                          struct error *error) MUST_CHECK;

/* ---- the export's cursor: get_group_tag_value_iter ---- */

struct tagstore_cursor;

struct group_tag_value_query {
    int64_t project_id;
    int64_t group_id;
    int64_t environment_id;
    const char *key;
    int64_t limit;    /* rows in all; 0: no limit */
    size_t page_size; /* rows a page */
};

/* Opens a cursor over the values of a group's key: one consistent answer, ordered by first_seen
   descending, then by value bytewise. The store can do nothing else until it is closed. */
bool tagstore_open_group_tag_values(struct tagstore *store,
                                    const struct group_tag_value_query *query,
                                    struct tagstore_cursor **cursor,
                                    struct error *error) MUST_CHECK;

/* The next page: 1 to page_size rows in `arena`, or *count = 0 at the end. */
bool tagstore_next_page(struct tagstore_cursor *cursor, struct arena *arena,
                        struct group_tag_value **rows, size_t *count,
                        struct error *error) MUST_CHECK;

/* At any time; NULL is fine. */
void tagstore_close(struct tagstore_cursor *cursor);

/* ---- writing: what ingest needs ---- */

/* One tag of one event that is counted. */
struct tag_observation {
    int64_t project_id;
    int64_t group_id;
    int64_t environment_id; /* above 0: the event's own */
    int64_t event_id;       /* id of its row in sentry_message */
    const char *key;
    const char *value;
    int64_t seen; /* the event's time */
};

/* Counts a batch: keys, values, group keys and group values of the observation's environment and of
   all environments (0): times_seen, first_seen, last_seen, values_seen, and the event's tags. All
   in the caller's transaction; the order of locks is fixed, so that batches of several writers do
   not deadlock. A backend that is fed in another way accepts and does nothing. */
bool tagstore_record(struct tagstore *store, const struct tag_observation *observations,
                     size_t count, struct error *error) MUST_CHECK;

#endif
