/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of locks is that of ingest (save.c): project, group hashes, groups, tagstore. A writer
 * that counts an event holds the row of the event's group until its transaction ends. So no event
 * is still being added to a group when the merge holds the rows of both groups. A writer that read
 * one of the hashes before finds its group gone, and starts its batch again.
 *
 * Tested by tests/system/test_group_merge.py.
 */
#include "event/merge.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/text.h"
#include "model/event_message.h"
#include "model/group.h"
#include "model/group_redirect.h"
#include "model/grouphash.h"
#include "model/project.h"
#include "model/sentry_database.h"

enum {
    TRIES = 6,
    PAUSE_MS = 20, /* before the second try; twice as long before each further one */
};

/* ---- what can be merged ---- */

static bool no_such_group(int64_t id, struct error *error)
{
    return error_set(error, ERROR_NOT_FOUND, "there is no group %" PRId64, id);
}

/* Finds the group `into`, or the group into which it was merged. */
static bool find_destination(struct pg *pg, int64_t into, struct group_identity *destination,
                             struct error *error)
{
    int64_t redirected = 0;
    if (!group_find(pg, into, destination, error))
        return false;
    if (destination->id == 0 && (!group_redirect_find(pg, into, &redirected, error) ||
                                 !group_find(pg, redirected, destination, error)))
        return false;
    return destination->id != 0 || no_such_group(into, error);
}

/* A group that does not exist is no error if it was merged into the destination. */
static bool check_absent(struct pg *pg, int64_t id, int64_t destination_id, struct error *error)
{
    int64_t redirected = 0;
    if (!group_redirect_find(pg, id, &redirected, error))
        return false;
    if (redirected == 0)
        return no_such_group(id, error);
    return redirected == destination_id ||
           error_set(error, ERROR_CONFLICT, "group %" PRId64 " was merged into group %" PRId64, id,
                     redirected);
}

static bool check_group(struct pg *pg, int64_t id, const struct group_identity *destination,
                        struct error *error)
{
    struct group_identity group;
    if (id == destination->id)
        return error_set(error, ERROR_INVALID, "group %" PRId64 " cannot be merged into itself",
                         id);
    if (!group_find(pg, id, &group, error))
        return false;
    if (group.id == 0)
        return check_absent(pg, id, destination->id, error);
    return group.project_id == destination->project_id ||
           error_set(error, ERROR_INVALID,
                     "groups %" PRId64 " and %" PRId64 " belong to different projects", id,
                     destination->id);
}

static bool refuse_sentrys(struct pg *pg, struct error *error)
{
    bool is_sentrys = false;
    return database_is_sentrys(pg, &is_sentrys, error) &&
           (!is_sentrys ||
            error_set(error, ERROR_CONFLICT,
                      "this is the database of a Sentry: merge issues there, it knows all of "
                      "their tables"));
}

bool merge_check(struct merge *merge, struct error *error)
{
    struct group_identity destination;
    if (!refuse_sentrys(merge->pg, error) ||
        !find_destination(merge->pg, merge->into, &destination, error))
        return false;
    merge->destination_id = destination.id;
    for (size_t i = 0; i < merge->count; i++) {
        if (merge->group_ids[i] == merge->into)
            return error_set(error, ERROR_INVALID, "group %" PRId64 " cannot be merged into itself",
                             merge->into);
        if (!check_group(merge->pg, merge->group_ids[i], &destination, error))
            return false;
    }
    return true;
}

/* ---- merging ---- */

/* Locks the project, the group's hashes and both groups. *exists: the group to merge still exists;
   the destination must. */
static bool lock_groups(struct pg *pg, int64_t group_id, const struct group_identity *destination,
                        bool *exists, struct error *error)
{
    int64_t organization_id = 0;
    const int64_t ids[2] = {group_id, destination->id};
    bool exist[2] = {false, false};
    bool done = project_lock(pg, &destination->project_id, 1, &organization_id, error) &&
                grouphash_lock_of_group(pg, group_id, error) &&
                group_lock_both(pg, ids, exist, error) &&
                (exist[1] || no_such_group(destination->id, error));
    *exists = exist[0];
    return done;
}

static bool move_all(const struct merge *merge, int64_t group_id,
                     const struct group_identity *destination, struct merge_result *result,
                     struct error *error)
{
    struct pg *pg = merge->pg;
    result->merged = true;
    return grouphash_move(pg, group_id, destination->id, &result->hashes, error) &&
           event_message_move(pg, group_id, destination->id, &result->events, error) &&
           tagstore_merge_group(merge->tagstore, destination->project_id, group_id, destination->id,
                                error) &&
           group_redirect_move(pg, group_id, destination->id, &result->redirects, error) &&
           group_redirect_create(pg, group_id, destination->id, error) &&
           group_absorb(pg, group_id, destination->id, error);
}

static bool merge_locked(const struct merge *merge, int64_t group_id,
                         const struct group_identity *destination, struct merge_result *result,
                         struct error *error)
{
    struct pg *pg = merge->pg;
    bool exists = false;
    if (!lock_groups(pg, group_id, destination, &exists, error))
        return false;
    if (!exists)
        return check_absent(pg, group_id, destination->id, error) && pg_commit(pg, error);
    return move_all(merge, group_id, destination, result, error) &&
           FAULT("merge_before_commit", error) && pg_commit(pg, error) &&
           FAULT("merge_after_commit", error);
}

static bool merge_once(const struct merge *merge, int64_t group_id, struct merge_result *result,
                       struct error *error)
{
    struct group_identity destination;
    *result = (struct merge_result){.merged = false};
    if (!find_destination(merge->pg, merge->destination_id, &destination, error) ||
        !check_group(merge->pg, group_id, &destination, error) || !pg_begin(merge->pg, error))
        return false;
    bool done = merge_locked(merge, group_id, &destination, result, error);
    if (!done)
        pg_rollback(merge->pg);
    return done;
}

static bool is_transient(const struct pg *pg, const struct error *error)
{
    return error->code == ERROR_CONFLICT &&
           (text_equal(pg_sqlstate(pg), "40P01") || text_equal(pg_sqlstate(pg), "40001"));
}

bool merge_group(const struct merge *merge, int64_t group_id, struct merge_result *result,
                 struct error *error)
{
    for (int try = 1;; try++) {
        if (merge_once(merge, group_id, result, error))
            return true;
        if (!is_transient(merge->pg, error) || try == TRIES)
            return false;
        clock_sleep_ms((PAUSE_MS << (try - 1)) + (int64_t)random_below(PAUSE_MS));
    }
}
