/* SPDX-License-Identifier: Apache-2.0 */
/* Groups (issues) as events make and count them: sentry_groupedmessage. */
#ifndef MODEL_GROUP_H
#define MODEL_GROUP_H

#include "client/pg.h"

#define GROUP_LOGGER_MAX    64 /* characters */
#define GROUP_LEVEL_DEFAULT 40

/* Events of one group that are to be counted. */
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

/* The code of a level's name: debug 10, info 20, warning 30, error 40, fatal 50; the default (40)
   for any other text and for NULL. */
int group_level(const char *name_or_null);

/* Makes groups with the ids of their counts (model/sequence.h): unresolved, active since
   first_seen, without a short id. */
bool group_insert(struct pg *pg, const struct group_row *groups, size_t count,
                  struct error *error) MUST_CHECK;

#define GROUP_RESOLVED 1 /* the status; 0 is unresolved */

/* What decides about sampling. */
struct group_state {
    int64_t group_id;
    int64_t status;
    int64_t times_seen;
    int64_t last_seen;
};

/* Locks groups, sorted by id, against other counters too, and tells their states. ERROR_CONFLICT
   when one of them is gone. */
bool group_lock_states(struct pg *pg, struct group_state *states, size_t count,
                       struct error *error) MUST_CHECK;

/* Keeps groups in being until the end of the transaction (FOR KEY SHARE): any number of writers may
   count their events, and whoever wants to merge or delete one (FOR UPDATE) waits. Sorted ids.
   ERROR_CONFLICT when one of the groups is gone. */
bool group_hold(struct pg *pg, const int64_t *group_ids, size_t count,
                struct error *error) MUST_CHECK;

/* Adds to times_seen, widens first_seen and last_seen, computes the score; a resolved group is
   reopened (status unresolved, active_at now). `counts` is sorted by group_id, in which order the
   rows are locked. ERROR_CONFLICT when one of the groups is gone. */
bool group_count_events(struct pg *pg, const struct group_count *counts, size_t count,
                        struct error *error) MUST_CHECK;

/* ---- merging ---- */

struct group_identity {
    int64_t id;
    int64_t project_id;
};

/* The group with this id, of whatever project; id 0 when there is none. */
bool group_find(struct pg *pg, int64_t id, struct group_identity *group,
                struct error *error) MUST_CHECK;

/* When the group's first and last events happened; USEC_NONE for what is not known, for what
   lies outside of the years 1 to 9999, and when there is no such group. */
bool group_read_seen(struct pg *pg, int64_t id, int64_t *first_seen, int64_t *last_seen,
                     struct error *error) MUST_CHECK;

/* Locks two groups against all counting of events, in the order of their ids, until the end of the
   transaction, and tells which are there. */
bool group_lock_both(struct pg *pg, const int64_t ids[2], bool exist[2],
                     struct error *error) MUST_CHECK;

/* Deletes a group and adds it to another: times_seen, num_comments (both stay at 2,147,483,647),
   the wider of first_seen and last_seen, the score. The rest of the other one stays, its first
   release too. Whatever refers to the group has to be moved before. */
bool group_absorb(struct pg *pg, int64_t id, int64_t destination_id,
                  struct error *error) MUST_CHECK;

#endif
