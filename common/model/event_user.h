/* SPDX-License-Identifier: Apache-2.0 */
/* EventUser (sentry_eventuser): the user whom an event concerned. */
#ifndef MODEL_EVENT_USER_H
#define MODEL_EVENT_USER_H

#include "base/arena.h"
#include "client/pg.h"

struct event_user { /* NULL: not known */
    const char *ident, *email, *username, *ip_address;
};

/* The value of the tag `user` for a user: `<keyword>:<value>` of the first attribute that is not
   empty, in the order ident (`id`), username, email, ip_address (`ip`). NULL if all are empty. In
   `arena`. */
bool event_user_tag_value(const struct event_user *user, struct arena *arena, const char **value,
                          struct error *error) MUST_CHECK;

/* One page of values of the tag `user`, and room for their users. */
struct tag_users {
    const char *const *values;
    struct event_user *users;
    size_t count;
};

/* Sentry's for_tags: fills in the users. users[i] belongs to values[i]; it is all NULL if the
   project has no user with exactly this tag value. One query looks all of them up by the MD5 of the
   text after the first colon; a row whose own tag value has another keyword does not count. Texts
   are in `arena`. */
bool event_user_for_tags(struct pg *pg, int64_t project_id, const struct tag_users *page,
                         struct arena *arena, struct error *error) MUST_CHECK;

/* ---- writing (event_user_write.c) ---- */

struct new_event_user {
    int64_t project_id;
    const char *hash; /* md5 of the first non-empty of ident, username, email, ip_address */
    struct event_user attributes;
};

/* The text if it is an IPv4 or IPv6 address, else NULL. */
const char *event_user_address(const char *text_or_null);

/* Inserts the users that their project does not have yet; existing rows stay as they are. Stores
   NULL for an invalid ip_address. `users` is sorted by project and hash, without repetition: every
   writer keeps this order, so that they do not deadlock. */
bool event_user_insert(struct pg *pg, const struct new_event_user *users, size_t count,
                       struct error *error) MUST_CHECK;

#endif
