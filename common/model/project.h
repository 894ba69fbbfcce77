/* SPDX-License-Identifier: Apache-2.0 */
/* Projects, groups (issues) and environments: the subject of an export. */
#ifndef MODEL_PROJECT_H
#define MODEL_PROJECT_H

#include "client/pg.h"

/* The statement of group_with_redirect, also for use in others: $1 is the project, $2 the id. If
   the group exists, its redirect is not followed. */
#define GROUP_WITH_REDIRECT                                                                        \
    "SELECT id FROM sentry_groupedmessage"                                                         \
    " WHERE project_id = $1::bigint AND id = ANY (ARRAY[$2::bigint,"                               \
    " (SELECT group_id FROM sentry_groupredirect WHERE previous_group_id = $2::bigint)])"          \
    " ORDER BY id = $2::bigint DESC LIMIT 1"

/* The subject that an export asks for. The ids may be any numbers of 64 bits. */
struct subject_ids {
    int64_t organization_id;
    int64_t project_id;
    int64_t group_id;
    int64_t environment_id;
    bool all_environments; /* environment_id is ignored */
};

struct subject {
    bool has_project;     /* the organization has the project */
    bool has_environment; /* the organization has the environment, or all are asked for */
    int64_t group_id;     /* the answer of group_with_redirect */
};

/* Finds the subject; a missing part is no error. */
bool subject_find(struct pg *pg, const struct subject_ids *ids, struct subject *subject,
                  struct error *error) MUST_CHECK;

/* Finds the project that a word names. A whole number is an id, which needs no row. Any other word
   is a slug, of a project of the organization (0: of any). ERROR_NOT_FOUND. ERROR_CONFLICT: several
   organizations have a project of this slug. */
bool project_find(struct pg *pg, int64_t organization_id, const char *id_or_slug, int64_t *id,
                  struct error *error) MUST_CHECK;

/* Reads the project's organization. ERROR_NOT_FOUND: there is no such project. */
bool project_organization(struct pg *pg, int64_t project_id, int64_t *organization_id,
                          struct error *error) MUST_CHECK;

/* Sentry's get_group_with_redirect: finds the project's group with this id, or else the group of
   the same project that one redirect leads to. *group_id is 0 if there is none. */
bool group_with_redirect(struct pg *pg, int64_t project_id, int64_t id, int64_t *group_id,
                         struct error *error) MUST_CHECK;

/* Finds the organization's environment with this name, which may be "". *id is 0 if there is none.
 */
bool environment_find(struct pg *pg, int64_t organization_id, const char *name, int64_t *id,
                      struct error *error) MUST_CHECK;

/* Reads the organizations of projects, and locks the projects: they cannot be deleted before the
   end of the transaction. Leaves the organization of a missing project untouched: set it to 0
   before. */
bool project_lock(struct pg *pg, const int64_t *project_ids, size_t count,
                  int64_t *organization_ids, struct error *error) MUST_CHECK;

#endif
