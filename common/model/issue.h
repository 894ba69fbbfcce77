/* SPDX-License-Identifier: Apache-2.0 */
/* An issue as people know it. */
#ifndef MODEL_ISSUE_H
#define MODEL_ISSUE_H

#include "base/arena.h"
#include "client/pg.h"

struct issue {
    bool beside_sentry;   /* the database is a Sentry's (model/sentry_database.h) */
    const char *project;  /* its slug; NULL: the organization has no such project */
    const char *short_id; /* "SHOP-1"; NULL: it has none, or there is no such issue */
    const char *title;    /* the message of its group; NULL: there is no such issue */
};

/* Describes the project's issue with this id, or the one that it was merged into. Texts in `arena`.
   An issue that is not there is no error. */
bool issue_describe(struct pg *pg, const int64_t ids[3], struct arena *arena, struct issue *issue,
                    struct error *error) MUST_CHECK;

/* What `ids` are. */
enum { ISSUE_ORGANIZATION, ISSUE_PROJECT, ISSUE_GROUP };

#endif
