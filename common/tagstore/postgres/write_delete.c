/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes keys with everything under them, and what a group has. The rows of a key go in batches,
   so that no transaction is long. */
#include "tagstore/postgres/operations.h"
#include "tagstore/postgres/question.h"

enum { BATCH_ROWS = 2000 };

/* ---- a key with everything under it ---- */

/* Status 1 is "pending deletion". Keys that an interrupted call has left with it are included. */
static bool hide_keys(struct pg *pg, const struct tag_place *place, struct tag_id_list *ids,
                      struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, place->project_id);
    pg_bind_text(&params, place->key);
    bool done = pg_query(pg,
                         "UPDATE tagstore_tagkey SET status = 1"
                         " WHERE project_id = $1::bigint AND key = $2::text RETURNING id",
                         &params, &result, error) &&
                question_take_ids(result, ids, error);
    pg_result_free(result);
    return done;
}

/* Ingest locks its project with FOR KEY SHARE for the whole batch. While this lock is held, no
   batch is in progress: the order of the deletions does not matter, and no new row can refer to a
   key that is about to be deleted. */
static bool lock_project(struct pg *pg, int64_t project_id, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, project_id);
    return pg_execute(pg, "SELECT FROM sentry_project WHERE id = $1::bigint FOR UPDATE", &params,
                      NULL, error);
}

#define DELETE_SOME(table)                                                                         \
    "DELETE FROM " table " WHERE id = ANY (ARRAY("                                                 \
    "SELECT id FROM " table " WHERE key_id = $1::bigint LIMIT $2::bigint))"

/* In this order no row loses a row that it refers to. *left: there may be more rows. */
static bool delete_some_rows(struct pg *pg, int64_t key_id, bool *left, struct error *error)
{
    static const char *const deletions[] = {
        DELETE_SOME("tagstore_eventtag"),
        DELETE_SOME("tagstore_grouptagvalue"),
        DELETE_SOME("tagstore_grouptagkey"),
        DELETE_SOME("tagstore_tagvalue"),
    };
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, key_id);
    pg_bind_int(&params, BATCH_ROWS);
    *left = false;
    for (size_t i = 0; !*left && i < ARRAY_LENGTH(deletions); i++) {
        int64_t deleted = 0;
        if (!pg_execute(pg, deletions[i], &params, &deleted, error))
            return false;
        *left = deleted == BATCH_ROWS;
    }
    return true;
}

static bool delete_key_row(struct pg *pg, int64_t key_id, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, key_id);
    return pg_execute(pg, "DELETE FROM tagstore_tagkey WHERE id = $1::bigint", &params, NULL,
                      error);
}

/* Deletes a batch of the key's rows in one transaction, and the key itself with the last one. */
static bool delete_batch(struct pg *pg, int64_t project_id, int64_t key_id, bool *left,
                         struct error *error)
{
    if (!pg_begin(pg, error))
        return false;
    bool done = lock_project(pg, project_id, error) && delete_some_rows(pg, key_id, left, error) &&
                (*left || delete_key_row(pg, key_id, error)) && pg_commit(pg, error);
    if (!done)
        pg_rollback(pg);
    return done;
}

bool postgres_delete_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_id_list *deleted, struct error *error)
{
    struct pg *pg = ((struct postgres_tagstore *)store)->pg;
    if (!hide_keys(pg, place, deleted, error))
        return false;
    for (size_t i = 0; i < deleted->count; i++) {
        bool left = true;
        while (left)
            if (!delete_batch(pg, place->project_id, deleted->items[i], &left, error))
                return false;
    }
    return true;
}

/* ---- what a group has ---- */

static bool execute_of_group(struct tagstore *store, const char *sql, int64_t project_id,
                             int64_t group_id, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, project_id);
    pg_bind_int(&params, group_id);
    return pg_execute(((struct postgres_tagstore *)store)->pg, sql, &params, NULL, error);
}

bool postgres_delete_all_group_tag_keys(struct tagstore *store, int64_t project_id,
                                        int64_t group_id, struct error *error)
{
    return execute_of_group(store,
                            "DELETE FROM tagstore_grouptagkey WHERE id = ANY (ARRAY("
                            "SELECT id FROM tagstore_grouptagkey WHERE project_id = $1::bigint"
                            " AND group_id = $2::bigint ORDER BY key_id FOR UPDATE))",
                            project_id, group_id, error);
}

bool postgres_delete_all_group_tag_values(struct tagstore *store, int64_t project_id,
                                          int64_t group_id, struct error *error)
{
    return execute_of_group(store,
                            "DELETE FROM tagstore_grouptagvalue WHERE id = ANY (ARRAY("
                            "SELECT id FROM tagstore_grouptagvalue WHERE project_id = $1::bigint"
                            " AND group_id = $2::bigint ORDER BY key_id, value_id FOR UPDATE))",
                            project_id, group_id, error) &&
           execute_of_group(store,
                            "UPDATE tagstore_grouptagkey SET values_seen = 0 WHERE id = ANY (ARRAY("
                            "SELECT id FROM tagstore_grouptagkey WHERE project_id = $1::bigint"
                            " AND group_id = $2::bigint ORDER BY key_id FOR NO KEY UPDATE))",
                            project_id, group_id, error);
}
