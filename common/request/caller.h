/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller of a request, and what it may do. Only this file decides that. Every function of this
 * layer takes a caller (context.h) and asks here first.
 *
 * To a caller, an export of another organization does not exist, nor does one of another owner that
 * the caller's role does not show: the answer is ERROR_NOT_FOUND, with the same words as for an
 * unknown id.
 */
#ifndef REQUEST_CALLER_H
#define REQUEST_CALLER_H

#include "base/arena.h"
#include "client/pg.h"
#include "model/member.h"

enum caller_kind {
    CALLER_NONE,     /* may do nothing */
    CALLER_OPERATOR, /* is at the command line; may do everything */
    CALLER_USER,     /* a member of one organization */
};

/* Bits as in sentry_apitoken.scopes. Any one of these is enough for exports. */
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
    bool every_owner;            /* sees the exports of all members of the organization */
    bool every_project;          /* may read all projects of the organization */
    struct project_ids projects; /* unless every_project: may read only these */
};

extern const struct caller caller_operator;

/* Completes a caller whose organization_id and user_id are set, according to the member's role:
   managers and owners see every owner's exports. The actor is "user:ID". All scopes are set; for a
   credential with fewer scopes, the caller of this function clears the others. The projects are in
   `arena`. ERROR_DENIED: no active member, or an unknown role. */
bool caller_load_member(struct caller *caller, struct pg *pg, struct arena *arena,
                        struct error *error) MUST_CHECK;

/* ERROR_DENIED unless the caller is an operator. */
bool caller_check_operator(const struct caller *caller, struct error *error) MUST_CHECK;

/* The exports that a caller may see: those of this organization and this user, where 0 stands for
   any. ERROR_DENIED if the caller may see none, such as for want of a scope. */
struct caller_view {
    int64_t organization_id, user_id;
};
bool caller_get_view(const struct caller *caller, struct caller_view *view,
                     struct error *error) MUST_CHECK;

/* The id of the organization with this slug, or of the caller's own for NULL, if the caller may ask
   for exports there. ERROR_NOT_FOUND; ERROR_DENIED; ERROR_INVALID: NULL from an operator. */
bool caller_find_organization(const struct caller *caller, struct pg *pg, const char *slug,
                              int64_t *organization_id, struct error *error) MUST_CHECK;

/* The question that an export answers. */
struct caller_query {
    int64_t query_type; /* enum query_type_code */
    const char *query_info;
};

/* ERROR_DENIED if the caller may not read the project that the query asks about. A query asks about
   every project if its project is not known: if it is of another type than issues-by-tag, or its
   query_info is malformed. */
bool caller_check_query(const struct caller *caller, const struct caller_query *query,
                        struct arena *arena, struct error *error) MUST_CHECK;

/* The part of an export's row that decides who may see it. */
struct caller_subject {
    int64_t data_export_id, organization_id, user_id;
    struct caller_query query;
};

/* Whether the caller may see this export and read its project. ERROR_NOT_FOUND, ERROR_DENIED. */
bool caller_authorize(const struct caller *caller, const struct caller_subject *subject,
                      struct arena *arena, struct error *error) MUST_CHECK;

/* Completes a subject whose data_export_id is set, with its text in `arena`, and authorizes it.
   ERROR_NOT_FOUND, ERROR_DENIED. */
bool caller_find_subject(const struct caller *caller, struct pg *pg, struct arena *arena,
                         struct caller_subject *subject, struct error *error) MUST_CHECK;

#endif
