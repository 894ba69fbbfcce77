/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tagstore: which tags and values a project or a group has, how often each was seen, and when
 * first and last. Its terms and methods are those of the original. There is one interface and there
 * are several backends: a backend fills struct tagstore_operations (backend.h), a caller includes
 * this header only.
 *
 * Every backend has the cursor of an export. A question that a backend cannot answer fails with
 * ERROR_QUERY. A backend that gets its data in another way accepts the writes of this interface and
 * drops them.
 *
 * Lists, as parameters and as results, are structs of items and count. The caller sets `arena` in a
 * list that a method fills. The items and their texts are in this arena and live as long as it
 * does. A list that is only a parameter needs no arena. A method that returns a single text has a
 * parameter `arena` for it.
 *
 * Environment 0 means all environments. Error codes: ERROR_NOT_FOUND (no such key or value),
 * ERROR_AWAY, ERROR_BUSY, ERROR_ANSWER, ERROR_TIMEOUT, ERROR_OVERLOAD, ERROR_QUERY, and
 * ERROR_EXPORT and ERROR_NO_SUBJECT for a question that will never be answered; the message is for
 * the export's user.
 */
#ifndef TAGSTORE_TAGSTORE_H
#define TAGSTORE_TAGSTORE_H

#include "base/arena.h"
#include "base/clock.h"
#include "model/event_user.h"

struct tagstore;

/* What a method is about. A method ignores the members that it does not use. */
struct tag_place {
    int64_t project_id;
    int64_t group_id;       /* 0 when reading: the whole project */
    int64_t environment_id; /* 0: all environments, whose rows are sums of their own */
    const char *key;
    const char *value;
};

struct tag {
    const char *key;
    const char *value;
};

struct tag_list {
    const struct tag *items;
    size_t count;
};

/* Ids of projects, groups, events or rows. */
struct tag_id_list {
    struct arena *arena;
    const int64_t *items;
    size_t count;
};

struct tag_key {
    const char *key;
    int64_t group_id;    /* 0: the key's row in the project */
    int64_t times_seen;  /* events that have the key */
    int64_t values_seen; /* distinct values; -1 if the backend does not count them */
};

struct tag_key_list {
    struct arena *arena;
    struct tag_key *items;
    size_t count;
};

struct group_tag_value {
    int64_t group_id;  /* 0: the value's row in the project */
    const char *value; /* raw bytes, not sanitized; NUL-terminated */
    size_t value_size;
    int64_t times_seen;
    int64_t first_seen, last_seen; /* USEC_NONE: not known */
};

struct group_tag_value_list {
    struct arena *arena;
    struct group_tag_value *items;
    size_t count;
};

void tagstore_free(struct tagstore *store);

/* The longest time in milliseconds that a question waits for the backend's own server. 0 if the
   backend has only PostgreSQL. */
int64_t tagstore_patience_ms(const struct tagstore *store);

/* Ends the question that the tagstore is waiting for: it fails with ERROR_TIMEOUT or ERROR_STOPPED.
   For a worker that releases its jobs, and for a job that was cancelled. Later questions may fail
   too, until tagstore_resume. Only this function may be called by another thread. */
void tagstore_interrupt(struct tagstore *store);

/* Allows questions again after an interrupt. */
void tagstore_resume(struct tagstore *store);

/* ---- reading: keys and values of a group or, with group_id 0, of the project ----

   Only visible keys are found, not those that are being deleted. Rows that were created but never
   counted are not found. The empty value is no value: an event with an empty value does not have
   the key. */

/* get_group_tag_key, get_tag_key. ERROR_NOT_FOUND. tag_key->key is place->key. */
bool tagstore_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                struct tag_key *tag_key, struct error *error) MUST_CHECK;

/* get_group_tag_keys, get_tag_keys: the most seen key first, then by key bytewise. `limit` 0: no
   limit. Leaves out the keys that are columns elsewhere: environment, sentry:release, sentry:dist,
   sentry:user. */
bool tagstore_get_group_tag_keys(struct tagstore *store, const struct tag_place *place,
                                 int64_t limit, struct tag_key_list *keys,
                                 struct error *error) MUST_CHECK;

/* get_group_tag_value, get_tag_value. ERROR_NOT_FOUND. row->value is place->value. */
bool tagstore_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                  struct group_tag_value *row, struct error *error) MUST_CHECK;

/* ---- reading: all values of a key, page by page ----

   get_group_tag_values, get_tag_values, and get_group_tag_value_iter of an export. */

struct tagstore_cursor;

/* Receives a number of rows. Returns false to make the opening fail with the error that it sets. */
typedef bool tagstore_rows_function(void *context, int64_t rows, struct error *error);

struct group_tag_value_query {
    int64_t project_id;
    int64_t group_id; /* 0: the whole project */
    int64_t environment_id;
    const char *key;
    bool key_must_exist; /* no cursor if the project does not have the key */
    int64_t limit;       /* rows in all; 0: no limit */
    size_t page_size;    /* rows per page */
    bool seen_only; /* only seen, not empty values, as the other methods; an export has every row */

    /* Set to true if the project was seen to have the group, in the same snapshot as the rows: no
       merge has moved them away. If it is not true afterwards, nothing is known. May be NULL. */
    bool *group_seen;

    /* Called before rows are read, if an estimate can be had, with about how many rows there will
       be (tagstore_estimate_values). NULL: no estimate is made. */
    tagstore_rows_function *expect;

    /* Called from time to time while the opening takes long, with the rows read so far. Not every
       backend reads ahead. May be NULL. */
    tagstore_rows_function *reading;
    void *context; /* of both functions */
};

/* Opens a cursor over the values of a key. All its pages are one consistent answer, ordered by
   first_seen descending, then by value bytewise. The tagstore can do nothing else until the cursor
   is closed.

   *cursor is NULL if the key must exist and the project does not have it in that environment. This
   is the existence check of an export: get_tag_key without its sums. The Postgres backend accepts a
   key that was never seen. */
bool tagstore_open_group_tag_values(struct tagstore *store,
                                    const struct group_tag_value_query *query,
                                    struct tagstore_cursor **cursor,
                                    struct error *error) MUST_CHECK;

/* Reads the next page: 1 to page_size rows, or none at the end. */
bool tagstore_next_page(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                        struct error *error) MUST_CHECK;

/* Which rows a cursor returns. */
struct tagstore_extent {
    /* There are more rows than the limit. Final after the page that has no rows. */
    bool truncated;

    /* Events of window_from <= time < window_to are counted. USEC_NONE: no such bound. */
    int64_t window_from, window_to;
};

struct tagstore_extent tagstore_get_extent(const struct tagstore_cursor *cursor);

/* May be called at any time. NULL is allowed. */
void tagstore_close(struct tagstore_cursor *cursor);

/* ---- reading: the estimate of an export ---- */

enum { TAGSTORE_ESTIMATE_MS = 5000 };

/* Estimates how many rows the export's cursor has for the place's group (not 0), environment and
   key, without a limit. Postgres is as exact as its counters. Snuba is a few per cent wrong and
   leaves out the empty value. ERROR_NOT_FOUND where an export, whose key must exist, has no cursor.

   Waits at most TAGSTORE_ESTIMATE_MS for the answer, then fails with ERROR_TIMEOUT or ERROR_AWAY.
   Not included is the time in which a backend with its own server looks up ids in Postgres first,
   as it does for each question. */
bool tagstore_estimate_values(struct tagstore *store, const struct tag_place *place, int64_t *count,
                              struct error *error) MUST_CHECK;

/* ---- reading: groups ---- */

/* get_group_list_tag_value: the value's row in each group that has it, by group id. The place's
   group is ignored. */
bool tagstore_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                       const struct tag_id_list *group_ids,
                                       struct group_tag_value_list *rows,
                                       struct error *error) MUST_CHECK;

/* get_group_tag_value_count: how many events have the key, despite the name; 0 if none has it. */
bool tagstore_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                        int64_t *count, struct error *error) MUST_CHECK;

/* get_top_group_tag_values: the most seen values first, then the latest seen, then by value
   bytewise. `limit` 0: no limit. */
bool tagstore_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                       int64_t limit, struct group_tag_value_list *rows,
                                       struct error *error) MUST_CHECK;

#define TAGSTORE_TOP_VALUES 10

struct tag_key_summary {
    const char *key;
    int64_t unique_values; /* distinct values */
    int64_t total_values;  /* events that have the key */

    /* at most TAGSTORE_TOP_VALUES, in the order of get_top_group_tag_values */
    struct group_tag_value_list top_values;
};

struct tag_key_summary_list {
    struct arena *arena;
    struct tag_key_summary *items;
    size_t count;
};

/* get_group_tag_keys_and_top_values: the keys of get_group_tag_keys, in its order. */
bool tagstore_get_group_tag_keys_and_top_values(struct tagstore *store,
                                                const struct tag_place *place,
                                                struct tag_key_summary_list *keys,
                                                struct error *error) MUST_CHECK;

/* ---- reading: releases ---- */

/* get_first_release: the release that was seen first. get_last_release: the release that was seen
   last. Both are about the place's group or project, in all environments. Of several releases at
   one moment it is the first one bytewise. *version is NULL if no event has a release. */
bool tagstore_get_first_release(struct tagstore *store, const struct tag_place *place,
                                struct arena *arena, const char **version,
                                struct error *error) MUST_CHECK;
bool tagstore_get_last_release(struct tagstore *store, const struct tag_place *place,
                               struct arena *arena, const char **version,
                               struct error *error) MUST_CHECK;

struct release_query {
    struct tag_id_list project_ids;
    int64_t environment_id;
    const char *const *versions;
    size_t version_count;
};

/* get_release_tags: for each version that was seen, the sums over all these projects; ordered by
   version bytewise. */
bool tagstore_get_release_tags(struct tagstore *store, const struct release_query *query,
                               struct group_tag_value_list *rows, struct error *error) MUST_CHECK;

/* ---- reading: events ---- */

/* Receives one text per call. The text lives until `tell` returns. `tell` returns false to end the
   reading with the error that it sets. */
struct tagstore_listener {
    bool (*tell)(void *context, const char *text, struct error *error);
    void *context;
};

/* get_group_event_ids: the 32-digit ids of the group's events that have at least one of the tags,
   newest first, then by id. Without tags there are no events. There may be any number of ids, so
   each is passed to the listener. Must not be called in a transaction of the caller. */
bool tagstore_get_group_event_ids(struct tagstore *store, const struct tag_place *place,
                                  const struct tag_list *tags,
                                  const struct tagstore_listener *listener,
                                  struct error *error) MUST_CHECK;

enum tag_match { TAG_IS, TAG_ANY, TAG_EMPTY };

struct tag_condition {
    const char *key;
    enum tag_match match;
    const char *value; /* of TAG_IS */
};

struct tag_condition_list {
    const struct tag_condition *items;
    size_t count;
};

/* get_group_ids_for_search_filter: the ids, in order, of the groups that have an event in the
   place's project and environment that meets all conditions. A condition is that the key has this
   value (TAG_IS), or any value (TAG_ANY). No group is found if one condition is TAG_EMPTY, as in
   the original. ERROR_INVALID without a condition. */
bool tagstore_get_group_ids_for_search_filter(struct tagstore *store, const struct tag_place *place,
                                              const struct tag_condition_list *conditions,
                                              struct tag_id_list *group_ids,
                                              struct error *error) MUST_CHECK;

/* ---- reading: users ----

   An event is found by what it says about its user: if it shares an attribute with one of the users
   in question. NULL and "" are no attributes. A user without attributes finds nothing. */

struct tagstore_user {
    int64_t project_id; /* 0: any project of the query */
    struct event_user attributes;
};

struct tagstore_user_query {
    struct tag_id_list project_ids; /* for get_group_ids_for_users */
    const struct tagstore_user *users;
    size_t user_count;
    int64_t limit; /* 0: no limit */
};

/* get_group_ids_for_users: the groups of the events found, ordered by their newest such event,
   newest first, then by id. */
bool tagstore_get_group_ids_for_users(struct tagstore *store,
                                      const struct tagstore_user_query *query,
                                      struct tag_id_list *group_ids,
                                      struct error *error) MUST_CHECK;

struct user_tag_value {
    int64_t project_id;
    struct group_tag_value tag; /* the value is the user's ident */
};

struct user_tag_value_list {
    struct arena *arena;
    struct user_tag_value *items;
    size_t count;
};

/* get_group_tag_values_for_users: what was seen of each ident among the events found, in each
   project. The ident that was seen last comes first, then by project and ident. Events without an
   ident do not count. Each user needs its project. */
bool tagstore_get_group_tag_values_for_users(struct tagstore *store,
                                             const struct tagstore_user_query *query,
                                             struct user_tag_value_list *rows,
                                             struct error *error) MUST_CHECK;

/* get_groups_user_counts: sets counts[i] to the number of distinct idents among the events of group
   i of the place's project, in the place's environment; 0 if there is none. */
bool tagstore_get_groups_user_counts(struct tagstore *store, const struct tag_place *place,
                                     const struct tag_id_list *group_ids, int64_t *counts,
                                     struct error *error) MUST_CHECK;

/* ---- writing: what ingest needs ---- */

/* One tag of one counted event. */
struct tag_observation {
    int64_t project_id;
    int64_t group_id;
    int64_t environment_id; /* above 0: the event's own environment */
    int64_t event_id; /* id of its row in sentry_message; 0: the event is counted but not stored */
    const char *key;
    const char *value;
    int64_t seen; /* time of the event */
};

struct tag_observation_list {
    const struct tag_observation *items;
    size_t count;
};

/* Creates the missing keys and values of a batch as never seen. Counts nothing and ignores groups
   and event ids. To be called before tagstore_record, in a transaction of its own: a new value
   makes other writers wait until the end of the transaction that created it. */
bool tagstore_prepare(struct tagstore *store, const struct tag_observation_list *observations,
                      struct error *error) MUST_CHECK;

/* Counts a batch: keys, values, group keys and group values, in the observation's environment and
   in all environments (0). Sets times_seen, first_seen, last_seen and values_seen, and stores the
   tags of each event. Runs in the caller's transaction. Locks are taken in a fixed order, so that
   batches of several writers do not deadlock. */
bool tagstore_record(struct tagstore *store, const struct tag_observation_list *observations,
                     struct error *error) MUST_CHECK;

/* ---- writing: single rows ----

   All writes except tagstore_delete_tag_key need a transaction of the caller. Each function here
   locks its project, as a batch of events does, and takes its locks in the order of
   tagstore_record. Two of them in one transaction may still deadlock with another writer:
   ERROR_CONFLICT with pg_sqlstate 40P01; try again. ERROR_INVALID: a key or a value is too long for
   its column. */

/* A row as it is in the tables. */
struct tag_row {
    int64_t id;
    int64_t values_seen;           /* of a key; 0 for a value */
    int64_t times_seen;            /* of a value; 0 for a key */
    int64_t first_seen, last_seen; /* of a value; USEC_NONE: not seen yet */
    bool created;                  /* this call has created it */
};

/* get_or_create_*: returns the row, and creates it if it is missing. Rows that it needs are created
   with it: for a value its key, for a group's value all three. A new row has not been seen
   (times_seen 0). A new value counts in values_seen of its key, a group's new value in values_seen
   of the group's key. */
bool tagstore_get_or_create_tag_key(struct tagstore *store, const struct tag_place *place,
                                    struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_get_or_create_tag_value(struct tagstore *store, const struct tag_place *place,
                                      struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_get_or_create_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                          struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_get_or_create_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                            struct tag_row *row, struct error *error) MUST_CHECK;

/* create_*: the same, but fails with ERROR_CONFLICT and changes nothing if the row exists. */
bool tagstore_create_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_create_tag_value(struct tagstore *store, const struct tag_place *place,
                               struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_create_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                   struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_create_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                     struct tag_row *row, struct error *error) MUST_CHECK;

/* Stores that an event has these tags. Counts nothing. `event` gives project, group, environment
   (above 0: the event's own), event and `seen`, which is the date_added of the tags. Missing keys
   and values are created. A tag that the event already has is no error. */
bool tagstore_create_event_tags(struct tagstore *store, const struct tag_observation *event,
                                const struct tag_list *tags, struct error *error) MUST_CHECK;

/* What sightings add. A time that is USEC_NONE changes nothing, with one exception: a value that
   was never seen takes the other time for it. */
struct tag_increment {
    int64_t count; /* above 0 */
    int64_t first_seen, last_seen;
};

/* incr_*_times_seen: adds to times_seen, at most up to 2,147,483,647, and widens first_seen and
   last_seen, both in the row of the environment and in the row of all environments. Creates missing
   rows as get_or_create_* does. incr_tag_value_times_seen counts only for the project,
   incr_group_tag_value_times_seen only for the group. */
bool tagstore_incr_tag_value_times_seen(struct tagstore *store, const struct tag_place *place,
                                        const struct tag_increment *increment,
                                        struct error *error) MUST_CHECK;
bool tagstore_incr_group_tag_value_times_seen(struct tagstore *store, const struct tag_place *place,
                                              const struct tag_increment *increment,
                                              struct error *error) MUST_CHECK;

/* ---- writing: deletions ---- */

/* Deletes the key of the place's project in all environments, with its values, the groups' values
   and the tags of events. The key is hidden at once. Its rows are deleted in batches, each in a
   transaction of its own, so this must not be called in a transaction of the caller. The next call
   deletes what an interrupted one has left. `deleted` receives the ids of the keys' rows; that
   there are none is no error. */
bool tagstore_delete_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_id_list *deleted, struct error *error) MUST_CHECK;

/* Delete the rows that count a group's keys, or those that count its values (its keys then have no
   values). What is known of the project and of each event stays. */
bool tagstore_delete_all_group_tag_keys(struct tagstore *store, int64_t project_id,
                                        int64_t group_id, struct error *error) MUST_CHECK;
bool tagstore_delete_all_group_tag_values(struct tagstore *store, int64_t project_id,
                                          int64_t group_id, struct error *error) MUST_CHECK;

/* ---- writing: tags that change groups ----

   The caller has locked both groups against other writers (model/group.h). */

/* Moves the tags and users of events to another group of their project, `destination`. What they
   have added to the sums of their groups moves with them.

   If all remaining sightings of a value in the old group are tags of known events, first_seen and
   last_seen are computed again from those. Otherwise it is not known which sighting was first, and
   the old bounds are kept. A value without sightings is deleted, and so is a group's key without
   values. Events without tags, or already in the destination, change nothing. */
bool tagstore_update_group_for_events(struct tagstore *store, const struct tag_place *destination,
                                      const struct tag_id_list *event_ids,
                                      struct error *error) MUST_CHECK;

/* Counts values_seen of the groups' keys again. A key that has values but no row gets one. */
bool tagstore_update_group_tag_key_values_seen(struct tagstore *store, int64_t project_id,
                                               const struct tag_id_list *group_ids,
                                               struct error *error) MUST_CHECK;

/* Moves all tags and users of a group to another group of the project, including what was counted
   without events. Nothing of them is left in the first group. */
bool tagstore_merge_group(struct tagstore *store, int64_t project_id, int64_t group_id,
                          int64_t destination_group_id, struct error *error) MUST_CHECK;

#endif
