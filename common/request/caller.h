/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is asking, and what they may: the only place that decides it. Every function of this layer
 * takes a caller (context.h) and asks here first.
 *
 * An export of another organization, or of another owner without a role for it, does not exist for
 * the caller: ERROR_NOT_FOUND, with the same words as for an unknown id.
 */
#ifndef REQUEST_CALLER_H
#define REQUEST_CALLER_H

#include "base/arena.h"
#include "client/pg.h"
#include "model/member.h"

enum caller_kind {
    CALLER_NONE,     /* may do nothing */
    CALLER_OPERATOR, /* at the command line: may do everything */
    CALLER_USER,     /* a member of one organization */
};

/* Bits as in sentry_apitoken.scopes. Any of these is enough for exports. */
enum caller_scope {
    SCOPE_EVENT_READ = 1 << 7,
    SCOPE_EVENT_WRITE = 1 << 8,
    SCOPE_EVENT_ADMIN = 1 << 9,
};

enum { CALLER_ACTOR_SIZE = 64 };

struct caller {
    enum caller_kind kind;
    char actor[CALLER_ACTOR_SIZE]; /* in the audit: "cli:root", "user:12" */
    int64_t organization_id;       /* 0: any (the operator) */
    int64_t user_id;               /* 0: none */
    unsigned scopes;
    bool every_owner;   /* sees the exports of all members of the organization */
    bool every_project; /* may read all projects of the organization; else only these */
    struct project_ids projects;
};

extern const struct caller caller_operator;

/* Makes a caller, of whom organization_id and user_id are given, what the member's role gives:
   managers and owners see every owner's exports. Its actor is "user:ID". A credential with fewer
   scopes takes the others away afterwards. The projects are in `arena`. ERROR_DENIED: no active
   member. */
bool caller_load_member(struct caller *caller, struct pg *pg, struct arena *arena,
                        struct error *error) MUST_CHECK;

/* ERROR_DENIED but for the operator. */
bool caller_check_operator(const struct caller *caller, struct error *error) MUST_CHECK;

/* Whose exports a caller may see: of this organization and this user, where 0 stands for any.
   ERROR_DENIED when there are none, because a scope is missing. */
struct caller_view {
    int64_t organization_id, user_id;
};
bool caller_get_view(const struct caller *caller, struct caller_view *view,
                     struct error *error) MUST_CHECK;

/* The organization of this slug (NULL: the caller's own), if the caller may ask for something
   there. ERROR_NOT_FOUND, ERROR_DENIED. */
bool caller_find_organization(const struct caller *caller, struct pg *pg, const char *slug,
                              int64_t *organization_id, struct error *error) MUST_CHECK;

/* What an export asks about. */
struct caller_query {
    int64_t query_type; /* enum query_type_code */
    const char *query_info;
};

/* Whether the caller may read the project that a query asks about. A query whose project cannot be
   told, such as one of another type than issues-by-tag, asks about every project. ERROR_DENIED. */
bool caller_check_query(const struct caller *caller, const struct caller_query *query,
                        struct arena *arena, struct error *error) MUST_CHECK;

/* An export's row, as far as it decides who may see it. */
struct caller_subject {
    int64_t data_export_id, organization_id, user_id;
    struct caller_query query;
};

/* All of the above for one export. ERROR_NOT_FOUND, ERROR_DENIED. */
bool caller_authorize(const struct caller *caller, const struct caller_subject *subject,
                      struct arena *arena, struct error *error) MUST_CHECK;

/* Completes a subject of which data_export_id is given, its text in `arena`, and authorizes it. */
bool caller_find_subject(const struct caller *caller, struct pg *pg, struct arena *arena,
                         struct caller_subject *subject, struct error *error) MUST_CHECK;

#endif
