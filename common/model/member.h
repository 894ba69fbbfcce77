/* SPDX-License-Identifier: Apache-2.0 */
/* Members of organizations: their role, and the projects that their teams give them. */
#ifndef MODEL_MEMBER_H
#define MODEL_MEMBER_H

#include "base/arena.h"
#include "client/pg.h"

struct member {
    int64_t organization_id, user_id;
    int64_t id;
    const char *role;  /* "member", "admin", "manager", "owner" */
    bool open_joining; /* members of the organization may join any team: they reach all projects */
};

/* Completes a member of whom organization_id and user_id are given; the text is in `arena`.
   ERROR_NOT_FOUND: the user is no member, or not active. */
bool member_load(struct pg *pg, struct member *member, struct arena *arena,
                 struct error *error) MUST_CHECK;

/* Whether exports of the organization may still be given to the user: an active one who is a member
   or a superuser, or who stands for a sentry app that is installed there. User 0 is one whose row
   is gone: *may is true. ERROR_DENIED: the user stands for a sentry app, and the role may not read
   which are installed. */
bool member_may_export(struct pg *pg, int64_t organization_id, int64_t user_id, bool *may,
                       struct error *error) MUST_CHECK;

struct project_ids {
    const int64_t *items;
    size_t count;
};

/* The active projects of the member's teams, in `arena`. A stand-alone database has no teams:
   ERROR_QUERY. */
bool member_list_projects(struct pg *pg, int64_t member_id, struct arena *arena,
                          struct project_ids *projects, struct error *error) MUST_CHECK;

#endif
