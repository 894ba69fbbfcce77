/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements of recording, each over a whole batch. All writers run them in the order of this
 * page and hand the rows over in the order of the row structs' comments, so that concurrent batches
 * wait for each other and do not deadlock.
 */
#ifndef TAGSTORE_POSTGRES_RECORD_SQL_H
#define TAGSTORE_POSTGRES_RECORD_SQL_H

#include "base/arena.h"
#include "client/pg.h"

/* tagstore_tagkey, ordered by project, environment, key. */
struct key_row {
    int64_t project_id, environment_id;
    const char *key;
    size_t place; /* the caller's */
    int64_t id;   /* an answer */
};

/* What has been seen of a value. */
struct tally {
    int64_t times_seen;
    int64_t first_seen, last_seen;
};

/* tagstore_tagvalue, ordered by project, key, value bytewise, or by id. */
struct value_row {
    int64_t project_id, key_id;
    const char *value;
    struct tally tally;
    size_t place; /* the caller's */
    int64_t id;   /* 0: not known */
    bool is_new;  /* an answer: this batch has made it */
};

/* tagstore_grouptagvalue, ordered by project, group, key, value id. */
struct group_value_row {
    int64_t project_id, group_id, key_id, value_id;
    struct tally tally;
};

/* Values that a key (tagstore_tagkey, ordered by id) has got. */
struct new_values {
    int64_t key_id;
    int64_t count;
};

/* tagstore_eventtag. The rows are of events that nobody else knows yet: any order is good. */
struct event_tag_row {
    int64_t project_id, group_id, event_id, key_id, value_id;
    int64_t date_added;
};

/* Makes the keys that are missing (visible, without values) and tells the ids of all. */
bool record_keys(struct pg *pg, struct key_row *rows, size_t count, struct error *error) MUST_CHECK;

/* Finds the rows of the values whose id is 0, and makes those that are missing: never seen, and not
   counted in values_seen. Locks nothing that is there already. */
bool record_values(struct pg *pg, struct value_row *rows, size_t count,
                   struct error *error) MUST_CHECK;

/* The tags of events: of new events, by COPY; or of any, where a tag that is there is no error. */
bool record_new_event_tags(struct pg *pg, const struct event_tag_row *rows, size_t count,
                           struct error *error) MUST_CHECK;
bool record_event_tags(struct pg *pg, const struct event_tag_row *rows, size_t count,
                       struct error *error) MUST_CHECK;

/* Has the foreign keys of the transaction checked from here on, instead of at its COMMIT: the
   checks are half of the work on the tags of events, and must not be done while other writers wait
   for the sums that this one has locked. */
bool record_check_references(struct pg *pg, struct error *error) MUST_CHECK;

/* Add to the sums of a group's values, or make their rows; new ones count in values_seen of the
   group's keys, which are made when they are missing. Sums stay at 2,147,483,647 when they get
   there: the columns have 32 bits. */
bool record_group_values(struct pg *pg, const struct group_value_row *rows, size_t count,
                         struct error *error) MUST_CHECK;

/* Add to the sums of values by their id, in which they are sorted. ERROR_CONFLICT when one is gone.
 */
bool record_value_sums(struct pg *pg, const struct value_row *rows, size_t count,
                       struct error *error) MUST_CHECK;

/* Add to values_seen of keys. */
bool record_new_values(struct pg *pg, const struct new_values *rows, size_t count,
                       struct error *error) MUST_CHECK;

#endif
