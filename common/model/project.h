/* SPDX-License-Identifier: Apache-2.0 */
/* Projects, groups (issues) and environments: what an export asks about. */
#ifndef MODEL_PROJECT_H
#define MODEL_PROJECT_H

#include "client/pg.h"

/* The statement of group_with_redirect, as a part of others: $1 is the project, $2 the id. The
   group itself comes before one that it was merged into: a redirect of a living group is not
   followed. */
#define GROUP_WITH_REDIRECT                                                                        \
    "SELECT id FROM sentry_groupedmessage"                                                         \
    " WHERE project_id = $1::bigint AND id = ANY (ARRAY[$2::bigint,"                               \
    " (SELECT group_id FROM sentry_groupredirect WHERE previous_group_id = $2::bigint)])"          \
    " ORDER BY id = $2::bigint DESC LIMIT 1"

/* What an export asks about. Any 64-bit ids may be asked for. */
struct subject_ids {
    int64_t organization_id;
    int64_t project_id;
    int64_t group_id;
    int64_t environment_id;
    bool all_environments; /* environment_id does not count */
};

struct subject {
    bool has_project;     /* the organization has the project */
    bool has_environment; /* and the environment */
    int64_t group_id;     /* as by group_with_redirect */
};

bool subject_find(struct pg *pg, const struct subject_ids *ids, struct subject *subject,
                  struct error *error) MUST_CHECK;

/* The project's organization; ERROR_NOT_FOUND. */
bool project_organization(struct pg *pg, int64_t project_id, int64_t *organization_id,
                          struct error *error) MUST_CHECK;

/* get_group_with_redirect: the project's group with this id, or the one that a redirect leads to,
   by one hop and within the same project. *group_id is 0 when there is none. */
bool group_with_redirect(struct pg *pg, int64_t project_id, int64_t id, int64_t *group_id,
                         struct error *error) MUST_CHECK;

/* The id of the organization's environment of this name ("" is one); 0 when there is none. */
bool environment_find(struct pg *pg, int64_t organization_id, const char *name, int64_t *id,
                      struct error *error) MUST_CHECK;

/* The organizations of projects (0: there is no such project). A project that is there cannot be
   deleted before the end of the transaction. */
bool project_lock(struct pg *pg, const int64_t *project_ids, size_t count,
                  int64_t *organization_ids, struct error *error) MUST_CHECK;

#endif
