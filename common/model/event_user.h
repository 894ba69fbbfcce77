/* SPDX-License-Identifier: Apache-2.0 */
/* EventUser: who an event happened to. */
#ifndef MODEL_EVENT_USER_H
#define MODEL_EVENT_USER_H

#include "base/arena.h"
#include "client/pg.h"

struct event_user { /* NULL: not known */
    const char *ident, *email, *username, *ip_address;
};

/* The tag value of a user: `<keyword>:<value>` of the first non-empty of ident (`id`), username,
   email, ip_address (`ip`). NULL for a user with none of them. In `arena`. */
bool event_user_tag_value(const struct event_user *user, struct arena *arena, const char **value,
                          struct error *error) MUST_CHECK;

/* One page of values of the tag `user`, and room for their users. */
struct tag_users {
    const char *const *values;
    struct event_user *users;
    size_t count;
};

/* for_tags: fills in the users. users[i] belongs to values[i] and is all NULL where the project
   knows no user of exactly that tag value (a row found by its hash under another keyword does not
   count). One query, by md5 of what follows the first colon. Texts in `arena`. */
bool event_user_for_tags(struct pg *pg, int64_t project_id, const struct tag_users *page,
                         struct arena *arena, struct error *error) MUST_CHECK;

/* ---- as events make them (event_user_write.c) ---- */

struct new_event_user {
    int64_t project_id;
    const char *hash; /* md5 of the first non-empty of ident, username, email, ip_address */
    struct event_user attributes;
};

/* The text if it is an IPv4 or IPv6 address, else NULL. */
const char *event_user_address(const char *text_or_null);

/* Makes the users that the project does not know yet: whoever named a user first has won. An
   ip_address that is none is stored as NULL. `users` is
   sorted by project and hash, without repetition: every writer keeps this order. */
bool event_user_insert(struct pg *pg, const struct new_event_user *users, size_t count,
                       struct error *error) MUST_CHECK;

#endif
