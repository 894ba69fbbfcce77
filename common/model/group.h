/* SPDX-License-Identifier: Apache-2.0 */
/* Groups (issues), which events create and count: sentry_groupedmessage. */
#ifndef MODEL_GROUP_H
#define MODEL_GROUP_H

#include "client/pg.h"

#define GROUP_LOGGER_MAX    64 /* characters */
#define GROUP_LEVEL_DEFAULT 40

/* Events of one group, to be added to its counts. */
struct group_count {
    int64_t group_id;
    int64_t times_seen;
    int64_t first_seen, last_seen;
};

struct group_row {
    int64_t project_id;
    const char *message;
    const char *platform; /* NULL: not known */
    const char *logger;
    int level;
    int64_t first_release_id; /* 0: none */
    struct group_count count;
};

/* The code of a level's name: debug 10, info 20, warning 30, error 40, fatal 50.
   GROUP_LEVEL_DEFAULT for any other text and for NULL. */
int group_level(const char *name_or_null);

/* Inserts groups with the ids in their counts (model/sequence.h): unresolved, active since
   first_seen, without a short id. */
bool group_insert(struct pg *pg, const struct group_row *groups, size_t count,
                  struct error *error) MUST_CHECK;

#define GROUP_RESOLVED 1 /* the status; 0 is unresolved */

/* The state of a group that decides about sampling. */
struct group_state {
    int64_t group_id;
    int64_t status;
    int64_t times_seen;
    int64_t last_seen;
};

/* Locks groups, which are sorted by id, and reads their states. No other transaction can count
   their events meanwhile. ERROR_CONFLICT if a group is gone. */
bool group_lock_states(struct pg *pg, struct group_state *states, size_t count,
                       struct error *error) MUST_CHECK;

/* Keeps groups from being merged or deleted (FOR UPDATE) until the end of the transaction (FOR KEY
   SHARE). Any number of writers may hold a group and count its events. The ids are sorted.
   ERROR_CONFLICT if a group is gone. */
bool group_hold(struct pg *pg, const int64_t *group_ids, size_t count,
                struct error *error) MUST_CHECK;

/* Adds to times_seen, widens first_seen and last_seen, and computes the score. Reopens a resolved
   group (status unresolved, active_at now). `counts` is sorted by group_id; the rows are locked in
   this order. ERROR_CONFLICT if a group is gone. */
bool group_count_events(struct pg *pg, const struct group_count *counts, size_t count,
                        struct error *error) MUST_CHECK;

/* ---- merging ---- */

struct group_identity {
    int64_t id;
    int64_t project_id;
};

/* Finds the group with this id, in any project; group->id is 0 if there is none. */
bool group_find(struct pg *pg, int64_t id, struct group_identity *group,
                struct error *error) MUST_CHECK;

/* Reads the times of the group's first and last events. USEC_NONE: the time is not known, or
   outside of the years 1 to 9999, or there is no such group. */
bool group_read_seen(struct pg *pg, int64_t id, int64_t *first_seen, int64_t *last_seen,
                     struct error *error) MUST_CHECK;

/* Locks two groups until the end of the transaction, in the order of their ids, so that no events
   are counted meanwhile. exist[i] tells whether ids[i] exists. */
bool group_lock_both(struct pg *pg, const int64_t ids[2], bool exist[2],
                     struct error *error) MUST_CHECK;

/* Deletes a group and adds its counts to another: adds times_seen and num_comments (each
   2,147,483,647 at most), widens first_seen and last_seen, and computes the score. The other
   columns of the second group stay, also its first release. All rows that refer to the deleted
   group must have been moved before. */
bool group_absorb(struct pg *pg, int64_t id, int64_t destination_id,
                  struct error *error) MUST_CHECK;

#endif
