/* SPDX-License-Identifier: Apache-2.0 */
/* An issue as its users know it: by project, short id and title. */
#ifndef MODEL_ISSUE_H
#define MODEL_ISSUE_H

#include "base/arena.h"
#include "base/json.h"
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

/* The issues of a project, the one seen last first: as objects with the members id, short_id, title
   (the first line of the message), times_seen, last_seen. The caller frees *issues. */
struct issue_page {
    int64_t project_id;
    int64_t before; /* the last issue of the page before; 0: this is the first page */
    int64_t max;
};
bool issue_list(struct pg *pg, const struct issue_page *page, json_t **issues,
                struct error *error) MUST_CHECK;

#endif
