/* SPDX-License-Identifier: Apache-2.0 */
/* An issue as its users know it: by project, short id and title. */
#ifndef MODEL_ISSUE_H
#define MODEL_ISSUE_H

#include "base/arena.h"
#include "client/pg.h"

struct issue {
    bool beside_sentry;   /* the database is a Sentry's (model/sentry_database.h) */
    const char *project;  /* the slug; NULL: the organization has no such project */
    const char *short_id; /* "SHOP-1"; NULL: the issue has none, or does not exist */
    const char *title;    /* the message of its group; NULL: the issue does not exist */
};

struct issue_ids {
    int64_t organization_id, project_id, group_id;
};

/* Describes the project's issue with this id, or the issue that it was merged into, in a batch:
   adds the statement; reads its reply, with the texts in `arena`. A missing issue is no error. */
bool issue_describe_add(struct pg_batch *batch, const struct issue_ids *ids,
                        struct error *error) MUST_CHECK;
bool issue_describe_read(const struct pg_result *reply, struct arena *arena, struct issue *issue,
                         struct error *error) MUST_CHECK;

#endif
