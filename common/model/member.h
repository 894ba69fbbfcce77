/* SPDX-License-Identifier: Apache-2.0 */
/* Members of organizations: their role, and the projects that they reach by their teams. */
#ifndef MODEL_MEMBER_H
#define MODEL_MEMBER_H

#include "base/arena.h"
#include "model/exported_data.h"

struct member {
    int64_t organization_id, user_id;
    int64_t id;
    const char *role;  /* "member", "admin", "manager", "owner" */
    bool open_joining; /* members may join any team, and so reach all projects */
};

/* Fills in a member whose organization_id and user_id are given; the text is in `arena`.
   ERROR_NOT_FOUND: the user is not a member, or not active. */
bool member_load(struct pg *pg, struct member *member, struct arena *arena,
                 struct error *error) MUST_CHECK;

/* Whether the user may still get the export, in a batch: adds the statement; reads its reply. The
   user must be active, and must be a member of the organization, a superuser, or the proxy user of
   a Sentry app that is installed there. *may is also true if the export has no user (user_id NULL),
   or is gone. member_may_export_read asks about Sentry apps, with the organization and the user of
   `row`, if the user is a proxy user. ERROR_DENIED: the role may not read the tables of apps. */
bool member_may_export_add(struct pg_batch *batch, int64_t data_export_id,
                           struct error *error) MUST_CHECK;
bool member_may_export_read(struct pg *pg, const struct pg_result *reply,
                            const struct exported_data *row, bool *may,
                            struct error *error) MUST_CHECK;

struct project_ids {
    const int64_t *items;
    size_t count;
};

/* Lists the active projects of the member's teams, in `arena`. ERROR_QUERY in a stand-alone
   database, which has no teams. */
bool member_list_projects(struct pg *pg, int64_t member_id, struct arena *arena,
                          struct project_ids *projects, struct error *error) MUST_CHECK;

#endif
