/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements of recording; each one works on a whole batch. All writers run them in the order
 * of this header and pass the rows in the order that the row structs name. So concurrent batches
 * wait for each other and do not deadlock.
 */
#ifndef TAGSTORE_POSTGRES_RECORD_SQL_H
#define TAGSTORE_POSTGRES_RECORD_SQL_H

#include "base/arena.h"
#include "client/pg.h"

/* A row of tagstore_tagkey. Ordered by project, environment, key. */
struct key_row {
    int64_t project_id, environment_id;
    const char *key;
    size_t place; /* for the caller's use */
    int64_t id;   /* result */
};

/* The sightings of a value. */
struct tally {
    int64_t times_seen;
    int64_t first_seen, last_seen;
};

/* A row of tagstore_tagvalue. Ordered by project, key, value bytewise, or by id. */
struct value_row {
    int64_t project_id, key_id;
    const char *value;
    struct tally tally;
    size_t place; /* for the caller's use */
    int64_t id;   /* 0: not known yet */
    bool is_new;  /* result: this batch has created it */
};

/* A row of tagstore_grouptagvalue. Ordered by project, group, key, value id. */
struct group_value_row {
    int64_t project_id, group_id, key_id, value_id;
    struct tally tally;
};

/* How many new values a key has (tagstore_tagkey, ordered by id). */
struct new_values {
    int64_t key_id;
    int64_t count;
};

/* A row of tagstore_eventtag. The rows belong to events that no other transaction sees yet, so any
   order is good. */
struct event_tag_row {
    int64_t project_id, group_id, event_id, key_id, value_id;
    int64_t date_added;
};

/* Creates the missing keys, visible and without values, and sets the ids of all rows. */
bool record_keys(struct pg *pg, struct key_row *rows, size_t count, struct error *error) MUST_CHECK;

/* Sets the ids of the values whose id is 0, and creates the missing values: never seen, and not
   counted in values_seen. Locks no existing row. */
bool record_values(struct pg *pg, struct value_row *rows, size_t count,
                   struct error *error) MUST_CHECK;

/* Store tags of events. record_new_event_tags is for new events and uses COPY. record_event_tags is
   for any events: a tag that exists is no error. */
bool record_new_event_tags(struct pg *pg, const struct event_tag_row *rows, size_t count,
                           struct error *error) MUST_CHECK;
bool record_event_tags(struct pg *pg, const struct event_tag_row *rows, size_t count,
                       struct error *error) MUST_CHECK;

/* Makes the server check the transaction's foreign keys now and from here on, not at COMMIT. The
   checks are half of the work on the tags of events; they must not run while other writers wait for
   the sums that this transaction has locked. */
bool record_check_references(struct pg *pg, struct error *error) MUST_CHECK;

/* Adds to the sums of the groups' values, and creates missing rows. New rows count in values_seen
   of the groups' keys, which are created if they are missing. A sum stays at 2,147,483,647, the
   largest number of its column. */
bool record_group_values(struct pg *pg, const struct group_value_row *rows, size_t count,
                         struct error *error) MUST_CHECK;

/* Adds to the sums of values. The rows are sorted by id. ERROR_CONFLICT if a value was deleted. */
bool record_value_sums(struct pg *pg, const struct value_row *rows, size_t count,
                       struct error *error) MUST_CHECK;

/* Adds to values_seen of keys. */
bool record_new_values(struct pg *pg, const struct new_values *rows, size_t count,
                       struct error *error) MUST_CHECK;

#endif
