/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tagstore: which tags and values a project or an issue has, how often, first and last seen
 * when. One interface, several backends; its terms and methods are those of the original. A backend
 * fills struct tagstore_operations (backend.h); callers see only this page.
 *
 * Every backend gives the cursor of an export. A question that a backend cannot answer is
 * ERROR_QUERY. A backend that is fed in another way accepts what is written here and forgets it.
 *
 * Lists, those asked with and those answered, are structs of items and count. Who asks sets
 * `arena` in the list that is to be filled: the items are put there with their texts, and live as
 * long as it. A list that is asked with needs no arena. A single text is put into a parameter
 * `arena`.
 *
 * Environment 0 is all environments. Every failure keeps its kind: ERROR_NOT_FOUND (no such key or
 * value), ERROR_AWAY, ERROR_BUSY, ERROR_ANSWER, ERROR_TIMEOUT, ERROR_OVERLOAD, ERROR_QUERY, and
 * ERROR_EXPORT for what will never be answered, with the sentence for the export's user.
 */
#ifndef TAGSTORE_TAGSTORE_H
#define TAGSTORE_TAGSTORE_H

#include "base/arena.h"
#include "base/clock.h"
#include "model/event_user.h"

struct tagstore;

/* What a method is about. Members that a method has no use for are ignored. */
struct tag_place {
    int64_t project_id;
    int64_t group_id;       /* reading: 0 is the whole project */
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

/* Ids of projects, groups, events, or of rows. */
struct tag_id_list {
    struct arena *arena;
    const int64_t *items;
    size_t count;
};

struct tag_key {
    const char *key;
    int64_t group_id;    /* 0: the project's */
    int64_t times_seen;  /* events that have the key */
    int64_t values_seen; /* distinct values; -1 where a backend does not count them */
};

struct tag_key_list {
    struct arena *arena;
    struct tag_key *items;
    size_t count;
};

struct group_tag_value {
    int64_t group_id;  /* 0: the project's */
    const char *value; /* clean of nothing: the bytes of the backend, NUL-terminated */
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

/* How long a question may wait for a server of the backend's own, which is not the database: 0 if
   there is none. */
int64_t tagstore_patience_ms(const struct tagstore *store);

/* Ends what the store waits for, in ERROR_TIMEOUT or ERROR_STOPPED; for a worker that gives its
   jobs back, or a job that was cancelled. What is asked afterwards may fail too, until
   tagstore_resume. The one function here that another thread may call. */
void tagstore_interrupt(struct tagstore *store);

/* Lets the store ask again after an interrupt. */
void tagstore_resume(struct tagstore *store);

/* ---- reading: keys and values of a group or, with group_id 0, of the project ----

   Only visible keys are found: not those that are being deleted. Rows that were made and never
   counted are not found, and an empty value is no value: events that have it do not have the key.
 */

/* get_group_tag_key, get_tag_key. ERROR_NOT_FOUND. tag_key->key is place->key. */
bool tagstore_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                struct tag_key *tag_key, struct error *error) MUST_CHECK;

/* get_group_tag_keys, get_tag_keys: most seen first, then by key bytewise; `limit` 0 is no limit.
   The keys that are columns elsewhere are left out: environment, sentry:release, sentry:dist,
   sentry:user. */
bool tagstore_get_group_tag_keys(struct tagstore *store, const struct tag_place *place,
                                 int64_t limit, struct tag_key_list *keys,
                                 struct error *error) MUST_CHECK;

/* get_group_tag_value, get_tag_value. ERROR_NOT_FOUND. row->value is place->value. */
bool tagstore_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                  struct group_tag_value *row, struct error *error) MUST_CHECK;

/* ---- reading: all values of a key, page by page ----

   get_group_tag_values, get_tag_values, and the export's get_group_tag_value_iter. */

struct tagstore_cursor;

/* Is told a number of rows; false ends the opening with its error. */
typedef bool tagstore_rows_function(void *context, int64_t rows, struct error *error);

struct group_tag_value_query {
    int64_t project_id;
    int64_t group_id; /* 0: the whole project */
    int64_t environment_id;
    const char *key;
    bool key_must_exist; /* no cursor if the project does not have the key */
    int64_t limit;       /* rows in all; 0: no limit */
    size_t page_size;    /* rows a page */
    bool seen_only;      /* as the other methods do; an export shows every row */

    /* Becomes true when it was seen, at the moment of the rows, that the project has the group: so
       no merge has taken them away. Else nobody knows. NULL: nobody asks. */
    bool *group_seen;

    /* Told each time before rows are read about how many there will be, as tagstore_estimate_values
       says, if that is to be had. NULL: nobody asks, and nothing is estimated. */
    tagstore_rows_function *expect;

    /* Told how many rows have been read so far, now and then while opening takes long; NULL: nobody
       listens. Not every backend reads ahead. */
    tagstore_rows_function *reading;
    void *context; /* of both */
};

/* Opens a cursor over the values of a key: one consistent answer, ordered by first_seen descending,
   then by value bytewise. The store can do nothing else until it is closed. *cursor is NULL if the
   key must exist and the project does not have it, seen in that environment: the existence check of
   an export, which is get_tag_key without its sums; in tables a key that was never seen will do. */
bool tagstore_open_group_tag_values(struct tagstore *store,
                                    const struct group_tag_value_query *query,
                                    struct tagstore_cursor **cursor,
                                    struct error *error) MUST_CHECK;

/* The next page: 1 to page_size rows, or none at the end. */
bool tagstore_next_page(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                        struct error *error) MUST_CHECK;

/* Which rows a cursor gives. */
struct tagstore_extent {
    /* More rows than the limit are there; final after the page that has none. */
    bool truncated;

    /* Events of window_from <= time < window_to are counted; USEC_NONE: no such bound. */
    int64_t window_from, window_to;
};

struct tagstore_extent tagstore_get_extent(const struct tagstore_cursor *cursor);

/* At any time; NULL is fine. */
void tagstore_close(struct tagstore_cursor *cursor);

/* ---- reading: how large an export will be ---- */

enum { TAGSTORE_ESTIMATE_MS = 5000 };

/* About how many rows the export's cursor has for the place's group (not 0), environment and key,
   without a limit. In Postgres as exact as its counters; from Snuba a few per cent wrong, without
   an empty value. ERROR_NOT_FOUND where an export, whose key must exist, has no cursor.

   The answer is waited for at most TAGSTORE_ESTIMATE_MS, then ERROR_TIMEOUT or ERROR_AWAY. That
   does not count what a backend of another server looks up in Postgres first, as for each of its
   questions. */
bool tagstore_estimate_values(struct tagstore *store, const struct tag_place *place, int64_t *count,
                              struct error *error) MUST_CHECK;

/* ---- reading: groups ---- */

/* get_group_list_tag_value: the value's row in each of the groups that has it, by group id. The
   place's group is ignored. */
bool tagstore_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                       const struct tag_id_list *group_ids,
                                       struct group_tag_value_list *rows,
                                       struct error *error) MUST_CHECK;

/* get_group_tag_value_count: how many events have the key, in spite of its name; 0 for none. */
bool tagstore_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                        int64_t *count, struct error *error) MUST_CHECK;

/* get_top_group_tag_values: the values most seen; of those the latest seen, then by value bytewise.
   `limit` 0 is no limit. */
bool tagstore_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                       int64_t limit, struct group_tag_value_list *rows,
                                       struct error *error) MUST_CHECK;

#define TAGSTORE_TOP_VALUES 10

struct tag_key_summary {
    const char *key;
    int64_t unique_values; /* distinct values */
    int64_t total_values;  /* events that have the key */

    /* at most TAGSTORE_TOP_VALUES, as get_top_group_tag_values orders them */
    struct group_tag_value_list top_values;
};

struct tag_key_summary_list {
    struct arena *arena;
    struct tag_key_summary *items;
    size_t count;
};

/* get_group_tag_keys_and_top_values: of the keys that get_group_tag_keys lists, in its order. */
bool tagstore_get_group_tag_keys_and_top_values(struct tagstore *store,
                                                const struct tag_place *place,
                                                struct tag_key_summary_list *keys,
                                                struct error *error) MUST_CHECK;

/* ---- reading: releases ---- */

/* get_first_release: the release that was seen first; get_last_release: the one seen last, of the
   place's group or project, in all environments. Of several at one moment the first bytewise.
   *version is NULL when no event has a release. */
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

/* get_release_tags: the sums over all these projects of each release that was seen; ordered by
   version bytewise. */
bool tagstore_get_release_tags(struct tagstore *store, const struct release_query *query,
                               struct group_tag_value_list *rows, struct error *error) MUST_CHECK;

/* ---- reading: events ---- */

/* Is told a text at a time, which lives until it returns; false ends the reading with its error. */
struct tagstore_listener {
    bool (*tell)(void *context, const char *text, struct error *error);
    void *context;
};

/* get_group_event_ids: the 32-digit ids of the group's events that have one of the tags or more,
   newest first, then by id. No tags: no events. Any number of them, so they are told one by one;
   not within a transaction of the caller's. */
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

/* get_group_ids_for_search_filter: the groups, by id, of events of the place's project and
   environment that meet all the conditions: the key has this value, or any. One TAG_EMPTY: none, as
   in the original. ERROR_INVALID without a condition. */
bool tagstore_get_group_ids_for_search_filter(struct tagstore *store, const struct tag_place *place,
                                              const struct tag_condition_list *conditions,
                                              struct tag_id_list *group_ids,
                                              struct error *error) MUST_CHECK;

/* ---- reading: users ----

   Events are found by what they say about their user themselves: those that share an attribute with
   one of the users asked for. NULL and "" are no attributes, and users without any find nothing. */

struct tagstore_user {
    int64_t project_id; /* 0: any of the projects that the method is given */
    struct event_user attributes;
};

struct tagstore_user_query {
    struct tag_id_list project_ids; /* of get_group_ids_for_users */
    const struct tagstore_user *users;
    size_t user_count;
    int64_t limit; /* 0: no limit */
};

/* get_group_ids_for_users: the groups of their events, that of the newest first, then by id. */
bool tagstore_get_group_ids_for_users(struct tagstore *store,
                                      const struct tagstore_user_query *query,
                                      struct tag_id_list *group_ids,
                                      struct error *error) MUST_CHECK;

struct user_tag_value {
    int64_t project_id;
    struct group_tag_value tag; /* its value is the user's ident */
};

struct user_tag_value_list {
    struct arena *arena;
    struct user_tag_value *items;
    size_t count;
};

/* get_group_tag_values_for_users: what was seen of each ident among their events, in each project;
   the one seen last first, then by project and ident. Events without an ident do not count. Each
   user needs its project. */
bool tagstore_get_group_tag_values_for_users(struct tagstore *store,
                                             const struct tagstore_user_query *query,
                                             struct user_tag_value_list *rows,
                                             struct error *error) MUST_CHECK;

/* get_groups_user_counts: counts[i] is the number of distinct idents among the events of group i of
   the place's project, in its environment; 0 for a group without one. */
bool tagstore_get_groups_user_counts(struct tagstore *store, const struct tag_place *place,
                                     const struct tag_id_list *group_ids, int64_t *counts,
                                     struct error *error) MUST_CHECK;

/* ---- writing: what ingest needs ---- */

/* One tag of one event that is counted. */
struct tag_observation {
    int64_t project_id;
    int64_t group_id;
    int64_t environment_id; /* above 0: the event's own */
    int64_t event_id; /* id of its row in sentry_message; 0: the event is counted and not stored */
    const char *key;
    const char *value;
    int64_t seen; /* the event's time */
};

struct tag_observation_list {
    const struct tag_observation *items;
    size_t count;
};

/* Makes the keys and values of a batch that are missing, as values never seen; counts nothing. To
   be called before tagstore_record, in a transaction of its own: a new value would keep other
   writers waiting until the end of the transaction that has made it. Groups and event ids are not
   looked at. */
bool tagstore_prepare(struct tagstore *store, const struct tag_observation_list *observations,
                      struct error *error) MUST_CHECK;

/* Counts a batch: keys, values, group keys and group values of the observation's environment and of
   all environments (0): times_seen, first_seen, last_seen, values_seen, and the event's tags. All
   in the caller's transaction; the order of locks is fixed, so that batches of several writers do
   not deadlock. */
bool tagstore_record(struct tagstore *store, const struct tag_observation_list *observations,
                     struct error *error) MUST_CHECK;

/* ---- writing: single rows ----

   All but delete_tag_key need a transaction of the caller's. Each holds its project, like a batch
   of events, and takes its locks in the order of tagstore_record; two of them in one transaction
   may meet another writer's the other way round (ERROR_CONFLICT, pg_sqlstate 40P01: try again).
   ERROR_INVALID: a key or a value is too long for its column. */

/* A row as it is in the tables. */
struct tag_row {
    int64_t id;
    int64_t values_seen;           /* of a key; 0 for a value */
    int64_t times_seen;            /* of a value; 0 for a key */
    int64_t first_seen, last_seen; /* of a value; USEC_NONE: not seen yet */
    bool created;                  /* this call has made it */
};

/* get_or_create_*: the row, which is made if it is not there. What a row needs is made with it: a
   value its key, a group's value all three. A new row has not been seen (times_seen 0); a new value
   counts in the values_seen of its key, a group's new value in that of the group's key. */
bool tagstore_get_or_create_tag_key(struct tagstore *store, const struct tag_place *place,
                                    struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_get_or_create_tag_value(struct tagstore *store, const struct tag_place *place,
                                      struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_get_or_create_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                          struct tag_row *row, struct error *error) MUST_CHECK;
bool tagstore_get_or_create_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                            struct tag_row *row, struct error *error) MUST_CHECK;

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
bool tagstore_create_event_tags(struct tagstore *store, const struct tag_observation *event,
                                const struct tag_list *tags, struct error *error) MUST_CHECK;

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

/* Deletes the key of the place's project in all environments with its values, those of groups, and
   the tags of events. It is not found any more from the beginning; the rows go in batches, in
   transactions of their own: not within one of the caller's. What an interrupted call leaves, the
   next one deletes.   `deleted` are the ids of the keys' rows; none is no error. */
bool tagstore_delete_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_id_list *deleted, struct error *error) MUST_CHECK;

/* Delete what counts a group's keys, or values (its keys then have none). What is known of the
   project and of each event stays. */
bool tagstore_delete_all_group_tag_keys(struct tagstore *store, int64_t project_id,
                                        int64_t group_id, struct error *error) MUST_CHECK;
bool tagstore_delete_all_group_tag_values(struct tagstore *store, int64_t project_id,
                                          int64_t group_id, struct error *error) MUST_CHECK;

/* ---- writing: tags that change groups ----

   The caller holds both groups against other writers (model/group.h). */

/* Moves the tags and users of events to another group of their project, `destination`, and what
   they add to the sums of their groups with them. first_seen and last_seen of a value that stays
   behind are computed anew if all that the group has of it are tags of known events; otherwise
   nobody knows which sighting was first, and the old bounds are kept. A value that is left without
   sightings is deleted, and a group's key without values. Events without tags, or of that group
   already, change nothing. */
bool tagstore_update_group_for_events(struct tagstore *store, const struct tag_place *destination,
                                      const struct tag_id_list *event_ids,
                                      struct error *error) MUST_CHECK;

/* Counts values_seen of the groups' keys anew; keys that have values and no row get one. */
bool tagstore_update_group_tag_key_values_seen(struct tagstore *store, int64_t project_id,
                                               const struct tag_id_list *group_ids,
                                               struct error *error) MUST_CHECK;

/* Moves everything that is known of a group's tags and users to another group of the project, also
   what came without events. Nothing is left of the first one. */
bool tagstore_merge_group(struct tagstore *store, int64_t project_id, int64_t group_id,
                          int64_t destination_group_id, struct error *error) MUST_CHECK;

#endif
