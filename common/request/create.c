/* SPDX-License-Identifier: Apache-2.0 */
#include "request/create.h"

#include "model/organization.h"
#include "request/get_or_create.h"
#include "request/resolve.h"

enum { TEXTS_MAX = 1024 * 1024 };

/* ---- names to ids ---- */

static bool find_user(const struct request_context *context, const char *user,
                      struct exported_data_key *key, struct error *error)
{
    const struct caller *caller = context->caller;
    if (caller->kind == CALLER_OPERATOR)
        return user != NULL
                   ? user_find_member(context->pg, key->organization_id, user, &key->user_id, error)
                   : error_set(error, ERROR_INVALID, "a user is needed");
    key->user_id = caller->user_id;
    return user == NULL ||
           error_set(error, ERROR_DENIED, "you may ask for exports of your own only");
}

static bool resolve_order(const struct request_context *context, const struct export_order *order,
                          struct arena *arena, struct creation *creation, struct error *error)
{
    struct export_query query;
    if (!request_resolve(context, order, arena, &query, error))
        return false;
    if (query.environment_id < 0)
        return error_set(error, ERROR_NOT_FOUND,
                         "the organization has no environment of this name");
    *creation = (struct creation){.key = {.organization_id = query.organization_id,
                                          .query_type = query.query_type,
                                          .query_info = query.query_info},
                                  .limit = query.limit,
                                  .environment_id = query.environment_id};
    return find_user(context, order->user, &creation->key, error);
}

/* ---- the transaction ---- */

static bool create_and_commit(const struct request_context *context,
                              const struct creation *creation, struct created_export *created,
                              struct error *error)
{
    struct pg *pg = context->pg;
    bool done = pg_begin(pg, error) && request_get_or_create(context, creation, created, error) &&
                pg_commit(pg, error);
    if (!done)
        pg_rollback(pg);
    return done;
}

bool request_create(const struct request_context *context, const struct export_order *order,
                    struct created_export *created, struct error *error)
{
    struct creation creation;
    struct arena *arena = arena_new(TEXTS_MAX);
    *created = (struct created_export){.id = 0};
    bool done = (arena != NULL || error_no_memory(error)) &&
                resolve_order(context, order, arena, &creation, error) &&
                create_and_commit(context, &creation, created, error);
    arena_free(arena);
    return done;
}
