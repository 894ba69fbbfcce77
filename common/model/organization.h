/* SPDX-License-Identifier: Apache-2.0 */
/* Organizations, users and membership, and the few rows that a
   stand-alone installation makes itself. */
#ifndef MODEL_ORGANIZATION_H
#define MODEL_ORGANIZATION_H

#include "base/arena.h"
#include "client/pg.h"

/* ERROR_NOT_FOUND. */
bool organization_find(struct pg *pg, const char *slug, int64_t *id,
                       struct error *error) MUST_CHECK;

/* A user by id (digits) or by auth_user.email (compared without case; several users may share one:
   the members of the organization come first, then the lowest id). ERROR_NOT_FOUND: no such user,
   or one who is no member of the organization; the message says which. */
bool user_find_member(struct pg *pg, int64_t organization_id, const char *email_or_id, int64_t *id,
                      struct error *error) MUST_CHECK;

/* A user by id (digits, which need no row: the user may be gone), or by auth_user.email (compared
   without case). ERROR_NOT_FOUND; ERROR_CONFLICT when several users share the address. */
bool user_find(struct pg *pg, const char *email_or_id, int64_t *id, struct error *error) MUST_CHECK;

/* ERROR_NOT_FOUND says which of the two rows is gone. */
bool organization_check_user(struct pg *pg, int64_t organization_id, int64_t user_id,
                             struct error *error) MUST_CHECK;

struct new_project {
    int64_t organization_id;
    const char *slug;
    int64_t id; /* the one wanted; 0: any */
};

/* Create, or find what is there already: repeating is no error. Each in a transaction of its own,
   and one after the other when several run at once. ERROR_INVALID for a slug or an address that
   breaks a rule: a slug is 1 to 50 of a-z, 0-9, "-" and "_", not digits alone; an address has one
   "@" with something on both sides, at most 75 characters, no space and no control character.

   A user (also an existing one, found as user_find_member does) becomes a member of the
   organization; ERROR_CONFLICT when the address is the name of a user with another address. When an
   id is wanted, the project gets it and the sequence moves past it; ERROR_CONFLICT when the id is
   another project's, or the project has another id. */
bool organization_create(struct pg *pg, const char *slug, int64_t *id,
                         struct error *error) MUST_CHECK;
bool user_create(struct pg *pg, int64_t organization_id, const char *email, int64_t *id,
                 struct error *error) MUST_CHECK;
bool project_create(struct pg *pg, const struct new_project *project, int64_t *id,
                    struct error *error) MUST_CHECK;

#endif
