/* SPDX-License-Identifier: Apache-2.0 */
#include "request/create.h"

#include "base/text.h"
#include "job/enqueue.h"
#include "job/history.h"
#include "model/audit.h"
#include "model/exported_data.h"
#include "model/organization.h"
#include "request/resolve.h"

enum { TEXTS_MAX = 1024 * 1024 };

/* An order with ids in place of names. */
struct creation {
    const struct request_context *context;
    struct exported_data_key key;
    int64_t limit, environment_id; /* 0: all */
};

/* ---- names to ids ---- */

static bool find_user(struct creation *creation, const char *user, struct error *error)
{
    const struct caller *caller = creation->context->caller;
    if (caller->kind == CALLER_OPERATOR)
        return user != NULL ? user_find_member(creation->context->pg, creation->key.organization_id,
                                               user, &creation->key.user_id, error)
                            : error_set(error, ERROR_INVALID, "a user is needed");
    creation->key.user_id = caller->user_id;
    return user == NULL ||
           error_set(error, ERROR_DENIED, "you may ask for exports of your own only");
}

static bool resolve(struct creation *creation, const struct export_order *order,
                    struct arena *arena, struct error *error)
{
    struct export_query query;
    if (!request_resolve(creation->context, order, arena, &query, error))
        return false;
    if (query.environment_id < 0)
        return error_set(error, ERROR_NOT_FOUND,
                         "the organization has no environment of this name");
    creation->key = (struct exported_data_key){.organization_id = query.organization_id,
                                               .query_type = query.query_type,
                                               .query_info = query.query_info};
    creation->limit = query.limit;
    creation->environment_id = query.environment_id;
    return find_user(creation, order->user, error);
}

/* ---- get or create ---- */

static bool enqueue(const struct creation *creation, int64_t id, struct error *error)
{
    struct enqueue_job job = {.data_export_id = id,
                              .limit = creation->limit,
                              .environment_id = creation->environment_id,
                              .eta = USEC_NONE,
                              .expires = USEC_NONE};
    const struct enqueue enqueue = {
        .queue = creation->context->queue_name, .source = "cli", .jobs = &job, .count = 1};
    return enqueue_jobs(creation->context->pg, &enqueue, error);
}

/* A twin that is not finished: the same id is the answer, unless it was asked for something else.
   One that exportd has never seen is queued: its own message does no harm later. */
static bool adopt_twin(const struct creation *creation, int64_t id, struct error *error)
{
    struct history_entry twin;
    if (!history_find(creation->context->pg, id, &twin, error))
        return false;
    if (!twin.known)
        return enqueue(creation, id, error);
    return (twin.limit == creation->limit && twin.environment_id == creation->environment_id) ||
           error_set(error, ERROR_CONFLICT,
                     "export %" PRId64 " of the same query is not finished yet, with another "
                     "limit or environment",
                     id);
}

static bool audit_creation(const struct creation *creation, int64_t id, struct error *error)
{
    const struct audit_entry entry = {.action = AUDIT_CREATE,
                                      .data_export_id = id,
                                      .organization_id = creation->key.organization_id,
                                      .user_id = creation->key.user_id,
                                      .actor = creation->context->caller->actor};
    return audit_add(creation->context->pg, &entry, error);
}

static bool insert(const struct creation *creation, int64_t *id, struct error *error)
{
    return exported_data_insert(creation->context->pg, &creation->key, id, error) &&
           enqueue(creation, *id, error) && audit_creation(creation, *id, error);
}

/* Under the advisory lock of the key: equal requests come one after the other. */
static bool get_or_create(const struct creation *creation, struct created_export *created,
                          struct error *error)
{
    struct pg *pg = creation->context->pg;
    bool done = pg_begin(pg, error) && exported_data_lock_key(pg, &creation->key, error) &&
                exported_data_find_unfinished(pg, &creation->key, &created->id, error);
    if (done) {
        created->created = created->id == 0;
        done = created->created ? insert(creation, &created->id, error)
                                : adopt_twin(creation, created->id, error);
    }
    done = done && pg_commit(pg, error);
    if (!done)
        pg_rollback(pg);
    return done;
}

bool request_create(const struct request_context *context, const struct export_order *order,
                    struct created_export *created, struct error *error)
{
    struct creation creation = {.context = context};
    struct arena *arena = arena_new(TEXTS_MAX);
    *created = (struct created_export){.id = 0};
    bool done = arena != NULL || error_no_memory(error);
    done =
        done && resolve(&creation, order, arena, error) && get_or_create(&creation, created, error);
    arena_free(arena);
    return done;
}
