/* SPDX-License-Identifier: Apache-2.0 */
/* The part of event_user.h that stores the users of events. */
#include "client/pg_columns.h"
#include "model/event_user.h"

#include <arpa/inet.h>

const char *event_user_address(const char *text_or_null)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    if (text_or_null == NULL || (inet_pton(AF_INET, text_or_null, bytes) != 1 &&
                                 inet_pton(AF_INET6, text_or_null, bytes) != 1))
        return NULL;
    return text_or_null;
}

static void add_user(struct pg_columns *columns, const struct new_event_user *user)
{
    pg_columns_add_int(columns, user->project_id);
    pg_columns_add_text(columns, user->hash);
    pg_columns_add_text(columns, user->attributes.ident);
    pg_columns_add_text(columns, user->attributes.email);
    pg_columns_add_text(columns, user->attributes.username);
    pg_columns_add_text(columns, event_user_address(user->attributes.ip_address));
}

bool event_user_insert(struct pg *pg, const struct new_event_user *users, size_t count,
                       struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 6);
    for (size_t i = 0; i < count; i++)
        add_user(&columns, &users[i]);
    /* NOT EXISTS saves numbers of the sequence, which may have only 32 bits: ON CONFLICT alone
       would take one for each known user. It reads the first hash that is not smaller, because only
       the index of project and hash gives that; in a search for the hash itself, a server without
       statistics might choose the index of all the project's users. */
    bool done = pg_columns_execute(
        &columns, pg,
        "INSERT INTO sentry_eventuser (project_id, hash, ident, email, username, name, ip_address,"
        "  date_added)"
        " SELECT w.project_id, w.hash, w.ident, w.email, w.username, NULL, w.ip_address::inet, "
        "now()"
        " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])"
        "  WITH ORDINALITY AS w (project_id, hash, ident, email, username, ip_address, n)"
        " WHERE NOT EXISTS (SELECT FROM (SELECT u.hash FROM sentry_eventuser u"
        "    WHERE u.project_id = w.project_id AND u.hash >= w.hash ORDER BY u.hash LIMIT 1) least"
        "   WHERE least.hash = w.hash)"
        " ORDER BY w.n ON CONFLICT DO NOTHING",
        NULL, error);
    pg_columns_free(&columns);
    return done;
}
