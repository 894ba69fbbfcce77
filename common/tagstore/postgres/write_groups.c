/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tags that change groups. The tags of an event refer to the key and value of the event's own
 * environment. A sighting counts in the group's row of that environment and in its row of all
 * environments; the texts of key and value lead from one to the other. The project stays locked
 * until the COMMIT, so that no key is deleted meanwhile (write_delete.c).
 */
#include "base/embedded.h"
#include "client/pg_columns.h"
#include "model/event_user_attributes.h"
#include "model/project.h"
#include "tagstore/postgres/operations.h"

#define ARENA_MAX ((size_t)256 * 1024 * 1024)

/* `t` is the alias of the table to which the rows are added. */
#define ADD_SUMS                                                                                   \
    " ON CONFLICT (project_id, group_id, key_id, value_id) DO UPDATE SET"                          \
    " times_seen = least(2147483647, t.times_seen::bigint + excluded.times_seen)::integer,"        \
    " last_seen = greatest(t.last_seen, excluded.last_seen),"                                      \
    " first_seen = least(t.first_seen, excluded.first_seen)"

/* What the moving events have counted in a row of tagstore_grouptagvalue. */
struct moved {
    int64_t group_id, key_id, value_id;
    int64_t times_seen;
    int64_t first_seen, last_seen;
};

struct move {
    struct pg *pg;
    int64_t project_id, destination_group_id;
    struct arena *arena;
    struct moved *rows;
    size_t count;
};

/* ---- values_seen ---- */

/* The ids as the text of an array. */
static bool add_ids(struct pg_array *array, const struct tag_id_list *ids, const char **text,
                    struct error *error)
{
    for (size_t i = 0; i < ids->count; i++)
        if (!pg_array_add_int(array, ids->items[i], error))
            return false;
    return pg_array_text(array, text, error);
}

/* A writer creates a value first and counts it afterwards, under this lock. If the count does not
   see a value yet, the writer adds it when the lock is free again. */
static bool lock_group_keys(struct pg *pg, const struct pg_params *params, struct error *error)
{
    return pg_execute(pg,
                      "SELECT FROM tagstore_grouptagkey"
                      " WHERE project_id = $1::bigint AND group_id = ANY ($2::bigint[])"
                      " ORDER BY group_id, key_id FOR NO KEY UPDATE",
                      params, NULL, error);
}

/* Counts the values of the groups' keys; a key without values gets 0. */
static bool recount_group_keys(struct pg *pg, const struct pg_params *params, struct error *error)
{
    return pg_execute(pg,
                      "INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)"
                      " SELECT project_id, group_id, key_id, least(2147483647, count(*))::integer"
                      " FROM tagstore_grouptagvalue"
                      " WHERE project_id = $1::bigint AND group_id = ANY ($2::bigint[])"
                      " GROUP BY project_id, group_id, key_id ORDER BY group_id, key_id"
                      " ON CONFLICT (project_id, group_id, key_id) DO UPDATE"
                      " SET values_seen = excluded.values_seen",
                      params, NULL, error) &&
           pg_execute(pg,
                      "UPDATE tagstore_grouptagkey k SET values_seen = 0"
                      " WHERE project_id = $1::bigint AND group_id = ANY ($2::bigint[])"
                      " AND NOT EXISTS (SELECT FROM tagstore_grouptagvalue v"
                      "   WHERE v.project_id = k.project_id AND v.group_id = k.group_id"
                      "   AND v.key_id = k.key_id)",
                      params, NULL, error);
}

bool postgres_update_group_tag_key_values_seen(struct tagstore *store, int64_t project_id,
                                               const struct tag_id_list *group_ids,
                                               struct error *error)
{
    struct pg *pg = ((struct postgres_tagstore *)store)->pg;
    struct pg_params params = {.count = 0};
    struct pg_array array;
    const char *text = NULL;
    pg_array_init(&array, ARENA_MAX);
    bool done = add_ids(&array, group_ids, &text, error);
    pg_bind_int(&params, project_id);
    pg_bind_text(&params, text);
    done = done && lock_group_keys(pg, &params, error) && recount_group_keys(pg, &params, error);
    pg_array_free(&array);
    return done;
}

/* ---- the tags of events ---- */

/* Moves the tags of the events. The answer is what they have counted, in each environment and in
   all. */
static bool query_moved(struct move *move, const char *event_ids, struct pg_result **result,
                        struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, move->project_id);
    pg_bind_text(&params, event_ids);
    pg_bind_int(&params, move->destination_group_id);
    return pg_query(move->pg, embedded_text(embedded_tagstore_statements, "move_event_tags.sql"),
                    &params, result, error);
}

/* Reads the answer of query_moved into the arena. */
static bool read_moved(struct move *move, const struct pg_result *result, struct error *error)
{
    move->count = (size_t)pg_rows(result);
    move->rows = arena_array(move->arena, move->count, sizeof(*move->rows), error);
    for (size_t i = 0; move->rows != NULL && i < move->count; i++)
        move->rows[i] = (struct moved){.group_id = pg_int(result, (int)i, 0),
                                       .key_id = pg_int(result, (int)i, 1),
                                       .value_id = pg_int(result, (int)i, 2),
                                       .times_seen = pg_int(result, (int)i, 3),
                                       .first_seen = pg_time(result, (int)i, 4),
                                       .last_seen = pg_time(result, (int)i, 5)};
    return move->rows != NULL;
}

static bool move_event_tags(struct move *move, const struct tag_id_list *event_ids,
                            struct error *error)
{
    struct pg_array array;
    struct pg_result *result = NULL;
    const char *text = NULL;
    pg_array_init(&array, ARENA_MAX);
    bool done = add_ids(&array, event_ids, &text, error) &&
                query_moved(move, text, &result, error) && read_moved(move, result, error);
    pg_result_free(result);
    pg_array_free(&array);
    return done;
}

/* Runs a statement over the moved sums: $1 project, $2 destination, $3 groups, $4 keys, $5 values,
   $6 times_seen, $7 first_seen, $8 last_seen. */
static bool execute_moved(const struct move *move, const char *sql, struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 8);
    for (size_t i = 0; i < move->count; i++) {
        pg_columns_add_int(&columns, move->project_id);
        pg_columns_add_int(&columns, move->destination_group_id);
        pg_columns_add_int(&columns, move->rows[i].group_id);
        pg_columns_add_int(&columns, move->rows[i].key_id);
        pg_columns_add_int(&columns, move->rows[i].value_id);
        pg_columns_add_int(&columns, move->rows[i].times_seen);
        pg_columns_add_time(&columns, move->rows[i].first_seen);
        pg_columns_add_time(&columns, move->rows[i].last_seen);
    }
    bool done = pg_columns_execute(&columns, move->pg, sql, NULL, error);
    pg_columns_free(&columns);
    return done;
}

#define MOVED                                                                                      \
    " unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],"  \
    "  $7::timestamptz[], $8::timestamptz[])"                                                      \
    " AS w (project_id, destination_id, group_id, key_id, value_id, times_seen, first_seen,"       \
    "  last_seen)"

/* Several groups may give to the same row of the destination: their sums are added first. */
static bool add_to_destination(const struct move *move, struct error *error)
{
    return execute_moved(
        move,
        "INSERT INTO tagstore_grouptagvalue AS t"
        " (project_id, group_id, key_id, value_id, times_seen, last_seen, first_seen)"
        " SELECT project_id, destination_id, key_id, value_id,"
        "  least(2147483647, sum(times_seen))::integer, max(last_seen), min(first_seen)"
        " FROM" MOVED " GROUP BY project_id, destination_id, key_id, value_id"
        " ORDER BY key_id, value_id" ADD_SUMS,
        error);
}

static bool take_from_sources(const struct move *move, struct error *error)
{
    return execute_moved(move, embedded_text(embedded_tagstore_statements, "take_from_sources.sql"),
                         error);
}

/* The values that have no sightings left. */
static bool delete_unseen(const struct move *move, struct error *error)
{
    return execute_moved(move,
                         "DELETE FROM tagstore_grouptagvalue g USING" MOVED
                         " WHERE g.project_id = w.project_id AND g.group_id = w.group_id"
                         "  AND g.key_id = w.key_id AND g.value_id = w.value_id"
                         "  AND g.times_seen = 0",
                         error);
}

/* The groups' keys that have no values left. */
static bool delete_empty_keys(const struct move *move, struct error *error)
{
    return execute_moved(move,
                         "DELETE FROM tagstore_grouptagkey g USING" MOVED
                         " WHERE g.project_id = w.project_id AND g.group_id = w.group_id"
                         "  AND g.key_id = w.key_id"
                         "  AND NOT EXISTS (SELECT FROM tagstore_grouptagvalue v"
                         "   WHERE v.project_id = g.project_id AND v.group_id = g.group_id"
                         "   AND v.key_id = g.key_id)",
                         error);
}

/* Counts the keys of the destination and of each group that has lost something: the rows are sorted
   by group. */
static bool recount_groups(struct tagstore *store, const struct move *move, struct error *error)
{
    size_t count = 1;
    int64_t *groups = arena_array(move->arena, move->count + 1, sizeof(*groups), error);
    if (groups == NULL)
        return false;
    groups[0] = move->destination_group_id;
    for (size_t i = 0; i < move->count; i++)
        if (i == 0 || move->rows[i - 1].group_id != move->rows[i].group_id)
            groups[count++] = move->rows[i].group_id;
    const struct tag_id_list list = {.items = groups, .count = count};
    return delete_empty_keys(move, error) &&
           postgres_update_group_tag_key_values_seen(store, move->project_id, &list, error);
}

/* Moves the tags, adds their sums to the destination, takes them from the old groups, and deletes
   what has no sightings left. */
bool postgres_update_group_for_events(struct tagstore *store, const struct tag_place *destination,
                                      const struct tag_id_list *event_ids, struct error *error)
{
    int64_t organization_id = 0;
    const struct project_events events = {.project_id = destination->project_id,
                                          .event_ids = event_ids->items,
                                          .count = event_ids->count};
    struct move move = {.pg = ((struct postgres_tagstore *)store)->pg,
                        .project_id = destination->project_id,
                        .destination_group_id = destination->group_id,
                        .arena = arena_new(ARENA_MAX)};
    if (move.arena == NULL)
        return error_no_memory(error);
    bool done =
        project_lock(move.pg, &move.project_id, 1, &organization_id, error) &&
        event_user_attributes_move_events(move.pg, &events, move.destination_group_id, error) &&
        move_event_tags(&move, event_ids, error) &&
        (move.count == 0 || (add_to_destination(&move, error) && take_from_sources(&move, error) &&
                             delete_unseen(&move, error) && recount_groups(store, &move, error)));
    arena_free(move.arena);
    return done;
}

/* ---- all that a group has ---- */

/* The values of the group become the destination's; equal values are added. */
static const char merge_values[] =
    "WITH gone AS (DELETE FROM tagstore_grouptagvalue"
    "  WHERE project_id = $1::bigint AND group_id = $2::bigint RETURNING *)"
    " INSERT INTO tagstore_grouptagvalue AS t"
    " (project_id, group_id, key_id, value_id, times_seen, last_seen, first_seen)"
    " SELECT project_id, $3::bigint, key_id, value_id, times_seen, last_seen, first_seen"
    " FROM gone ORDER BY key_id, value_id" ADD_SUMS;

static const char merge_event_tags[] = "UPDATE tagstore_eventtag SET group_id = $3::bigint"
                                       " WHERE project_id = $1::bigint AND group_id = $2::bigint";

/* Includes keys without values. */
static const char merge_keys[] =
    "WITH gone AS (DELETE FROM tagstore_grouptagkey"
    "  WHERE project_id = $1::bigint AND group_id = $2::bigint RETURNING *)"
    " INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)"
    " SELECT project_id, $3::bigint, key_id, 0 FROM gone ORDER BY key_id"
    " ON CONFLICT (project_id, group_id, key_id) DO NOTHING";

/* Moves values, tags of events, keys and users, then counts the destination's keys again. */
bool postgres_merge_group(struct tagstore *store, int64_t project_id, int64_t group_id,
                          int64_t destination_group_id, struct error *error)
{
    static const char *const steps[] = {merge_values, merge_event_tags, merge_keys};
    const struct tag_id_list destination = {.items = &destination_group_id, .count = 1};
    struct pg *pg = ((struct postgres_tagstore *)store)->pg;
    struct pg_params params = {.count = 0};
    int64_t organization_id = 0;
    if (group_id == destination_group_id)
        return error_set(error, ERROR_INVALID, "a group cannot be merged into itself");
    pg_bind_int(&params, project_id);
    pg_bind_int(&params, group_id);
    pg_bind_int(&params, destination_group_id);
    bool done = project_lock(pg, &project_id, 1, &organization_id, error);
    for (size_t i = 0; done && i < ARRAY_LENGTH(steps); i++)
        done = pg_execute(pg, steps[i], &params, NULL, error);
    return done &&
           event_user_attributes_move_group(pg, project_id, group_id, destination_group_id,
                                            error) &&
           postgres_update_group_tag_key_values_seen(store, project_id, &destination, error);
}
