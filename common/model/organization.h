/* SPDX-License-Identifier: Apache-2.0 */
/* Organizations, users and members. A stand-alone installation also creates their rows, and those
   of projects. */
#ifndef MODEL_ORGANIZATION_H
#define MODEL_ORGANIZATION_H

#include "base/arena.h"
#include "client/pg.h"

/* Finds an organization by its slug. ERROR_NOT_FOUND: there is none. */
bool organization_find(struct pg *pg, const char *slug, int64_t *id,
                       struct error *error) MUST_CHECK;

/* Finds a user by id (digits) or by auth_user.email, ignoring case. If several users share the
   address, members of the organization come first, then the lowest id. ERROR_NOT_FOUND: there is no
   such user, or the user is not a member of the organization; the message says which. */
bool user_find_member(struct pg *pg, int64_t organization_id, const char *email_or_id, int64_t *id,
                      struct error *error) MUST_CHECK;

/* Finds a user by id (digits; the user may be gone, so no row is needed), or by auth_user.email,
   ignoring case. ERROR_NOT_FOUND: no user has the address. ERROR_CONFLICT: several users have it.
 */
bool user_find(struct pg *pg, const char *email_or_id, int64_t *id, struct error *error) MUST_CHECK;

/* Checks that both rows exist. ERROR_NOT_FOUND: one is gone; the message says which. */
bool organization_check_user(struct pg *pg, int64_t organization_id, int64_t user_id,
                             struct error *error) MUST_CHECK;

struct new_project {
    int64_t organization_id;
    const char *slug;
    int64_t id; /* the id that the project shall have; 0: any */
};

/* Create a row, or find it if it exists: repeating is no error. Each call has a transaction of its
   own; several at once wait for each other. ERROR_INVALID: the slug or the address breaks a rule. A
   slug has 1 to 50 characters of a-z, 0-9, "-" and "_", and not digits alone. An address has one
   "@" with something on both sides, at most 75 characters, no space and no control character.

   A new user, or an existing one (found as user_find_member does), becomes a member of the
   organization. ERROR_CONFLICT: the address is the user name of a user with another address. A
   project gets the given id, and the sequence moves past it. ERROR_CONFLICT: another project has
   the id, or the project exists with another id. */
bool organization_create(struct pg *pg, const char *slug, int64_t *id,
                         struct error *error) MUST_CHECK;
bool user_create(struct pg *pg, int64_t organization_id, const char *email, int64_t *id,
                 struct error *error) MUST_CHECK;
bool project_create(struct pg *pg, const struct new_project *project, int64_t *id,
                    struct error *error) MUST_CHECK;

#endif
