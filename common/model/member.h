/* SPDX-License-Identifier: Apache-2.0 */
/* Members of organizations: their role, and the projects that their teams give them. */
#ifndef MODEL_MEMBER_H
#define MODEL_MEMBER_H

#include "base/arena.h"
#include "model/exported_data.h"

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

/* Whether an export may still be given to its user: an active one who is a member of its
   organization or a superuser, or who stands for a sentry app that is installed there. Without a
   user (user_id NULL), and if the export is gone, *may is true. The statement for a batch, and what
   its reply says: that asks about sentry apps, if the user stands for one, and reads the
   organization and the user of `row`. ERROR_DENIED: the role may not read which apps are installed.
 */
bool member_may_export_add(struct pg_batch *batch, int64_t data_export_id,
                           struct error *error) MUST_CHECK;
bool member_may_export_read(struct pg *pg, const struct pg_result *reply,
                            const struct exported_data *row, bool *may,
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
