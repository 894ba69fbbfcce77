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

/* Makes the keys and values of a batch that are missing, as values never seen; counts nothing. To
   be called before tagstore_record, in a transaction of its own: a new value would keep other
   writers waiting until the end of the transaction that has made it. Groups and event ids are not
   looked at. A backend that is fed in another way accepts both calls and does nothing. */
bool tagstore_prepare(struct tagstore *store, const struct tag_observation *observations,
                      size_t count, struct error *error) MUST_CHECK;

/* Counts a batch: keys, values, group keys and group values of the observation's environment and of
   all environments (0): times_seen, first_seen, last_seen, values_seen, and the event's tags. All
   in the caller's transaction; the order of locks is fixed, so that batches of several writers do
   not deadlock. */
bool tagstore_record(struct tagstore *store, const struct tag_observation *observations,
                     size_t count, struct error *error) MUST_CHECK;

/* ---- writing: single rows ----

   All but delete_tag_key need a transaction of the caller's. Each takes its locks in the order of
   tagstore_record; two of them in one transaction may meet another writer's the other way round
   (ERROR_CONFLICT, pg_sqlstate 40P01: try again). ERROR_INVALID: a key or a value is too long for
   its column. */

/* What a method is about. Members that a method has no use for are ignored. */
struct tag_place {
    int64_t project_id;
    int64_t group_id;
    int64_t environment_id; /* 0: all environments, whose rows are sums of their own */
    const char *key;
    const char *value;
};

/* A row as it is in the tables. */
struct tag_row {
    int64_t id;
    int64_t values_seen;           /* of a key; 0 for a value */
    int64_t times_seen;            /* of a value; 0 for a key */
    int64_t first_seen, last_seen; /* of a value; USEC_NONE: not seen yet */
};

/* get_or_create_*: the row, and whether this call has made it. What a row needs is made with it: a
   value its key, a group's value all three. A new row has not been seen (times_seen 0); a new value
   counts in the values_seen of its key, a group's new value in that of the group's key. */
bool tagstore_get_or_create_tag_key(struct tagstore *store, const struct tag_place *place,
                                    struct tag_row *row, bool *created,
                                    struct error *error) MUST_CHECK;
bool tagstore_get_or_create_tag_value(struct tagstore *store, const struct tag_place *place,
                                      struct tag_row *row, bool *created,
                                      struct error *error) MUST_CHECK;
bool tagstore_get_or_create_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                          struct tag_row *row, bool *created,
                                          struct error *error) MUST_CHECK;
bool tagstore_get_or_create_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                            struct tag_row *row, bool *created,
                                            struct error *error) MUST_CHECK;

/* create_*: the same, but ERROR_CONFLICT, and nothing changed, when the row is there already. */
bool tagstore_create_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_create_tag_value(struct tagstore *store, const struct tag_place *place,
                               struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_create_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                   struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_create_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                     struct tag_row *row, struct error *error) MUST_CHECK;

/* Stores that an event has these tags; counts nothing. `event` names project, group, environment
   (above 0: the event's own), event and `seen`, which is the tags' date_added. Keys and values are
   made if they are missing; a tag that the event has already is no error. */
struct tag {
    const char *key;
    const char *value;
};
bool tagstore_create_event_tags(struct tagstore *store, const struct tag_observation *event,
                                const struct tag *tags, size_t count,
                                struct error *error) MUST_CHECK;

/* What sightings add. A time that is USEC_NONE changes nothing, except that a value that was never
   seen takes it from the other. */
struct tag_increment {
    int64_t count; /* above 0 */
    int64_t first_seen, last_seen;
};

/* incr_*_times_seen: add to times_seen, which stays at 2,147,483,647 when it gets there, and widen
   first_seen and last_seen, in the row of the environment and in that of all environments. Rows
   that are missing are made as get_or_create_* does. incr_tag_value_times_seen counts for the
   project only, the other for the group only. */
bool tagstore_incr_tag_value_times_seen(struct tagstore *store, const struct tag_place *place,
                                        const struct tag_increment *increment,
                                        struct error *error) MUST_CHECK;
bool tagstore_incr_group_tag_value_times_seen(struct tagstore *store, const struct tag_place *place,
                                              const struct tag_increment *increment,
                                              struct error *error) MUST_CHECK;

/* ---- writing: deletions ---- */

/* Deletes a project's key in all environments with its values, those of groups, and the tags of
   events. It is not found any more from the beginning; the rows go in batches, in transactions of
   their own: not within one of the caller's. What an interrupted call leaves, the next one deletes.
   `deleted` are the ids of the keys' rows, in `arena`; none is no error. */
bool tagstore_delete_tag_key(struct tagstore *store, int64_t project_id, const char *key,
                             struct arena *arena, int64_t **deleted, size_t *count,
                             struct error *error) MUST_CHECK;

/* Delete what counts a group's keys, or values (its keys then have none). What is known of the
   project and of each event stays. */
bool tagstore_delete_all_group_tag_keys(struct tagstore *store, int64_t project_id,
                                        int64_t group_id, struct error *error) MUST_CHECK;
bool tagstore_delete_all_group_tag_values(struct tagstore *store, int64_t project_id,
                                          int64_t group_id, struct error *error) MUST_CHECK;

/* ---- writing: tags that change groups ----

   The caller holds both groups against other writers (model/group.h). */

/* Moves the tags and users of events to another group of the project, and what they add to the sums
   of their groups with them. first_seen and last_seen of a value that stays behind are computed
   anew if all that the group has of it are tags of known events; otherwise nobody knows which
   sighting was first, and the old bounds are kept. A value that is left without sightings is
   deleted, and a group's key without values. Events without tags, or of that group already, change
   nothing. */
bool tagstore_update_group_for_events(struct tagstore *store, int64_t project_id,
                                      const int64_t *event_ids, size_t count,
                                      int64_t destination_group_id, struct error *error) MUST_CHECK;

/* Counts values_seen of the groups' keys anew; keys that have values and no row get one. */
bool tagstore_update_group_tag_key_values_seen(struct tagstore *store, int64_t project_id,
                                               const int64_t *group_ids, size_t count,
                                               struct error *error) MUST_CHECK;

/* Moves everything that is known of a group's tags and users to another group of the project, also
   what came without events. Nothing is left of the first one. */
bool tagstore_merge_group(struct tagstore *store, int64_t project_id, int64_t group_id,
                          int64_t destination_group_id, struct error *error) MUST_CHECK;

#endif
