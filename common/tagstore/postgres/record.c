/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recording a batch. Each observation counts twice: in its environment and in all environments (0),
 * whose rows are sums of their own. One pass folds the observations into rows of the tables, so
 * that each row is written once per batch. Then the rows are sorted, which gives the order in which
 * all writers lock them, and get their ids.
 *
 * The tags of an event refer to the key and value of the event's own environment. Only these tags
 * tell which environment an event had. When events move to another group, the sums of a group are
 * computed again from them.
 *
 * Tested by tests/system/test_ingest.py and tests/system/test_tagstore_export.py.
 */
#include "base/row_set.h"
#include "base/text.h"
#include "tagstore/postgres/operations.h"
#include "tagstore/postgres/record_sql.h"

#define ARENA_MAX ((size_t)1024 * 1024 * 1024)

/* Rows refer to each other by their places in these sets until their ids are known. */
struct batch {
    struct pg *pg;
    struct value_cache *cache;
    struct arena *arena;
    const struct tag_observation_list *observations;
    struct row_set keys;          /* of struct key_row */
    struct row_set values;        /* of struct value_row */
    struct row_set group_values;  /* of struct group_value_row */
    size_t *own_values;           /* per observation: its value in its own environment */
    int64_t *key_ids, *value_ids; /* by place */
    int64_t *value_keys;          /* the key's id, by the place of the value */
};

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* ---- folding ---- */

static bool same_key(const void *a, const void *b)
{
    const struct key_row *left = a;
    const struct key_row *right = b;
    return left->project_id == right->project_id && left->environment_id == right->environment_id &&
           text_equal(left->key, right->key);
}

static bool same_value(const void *a, const void *b)
{
    const struct value_row *left = a;
    const struct value_row *right = b;
    return left->key_id == right->key_id && text_equal(left->value, right->value);
}

static bool same_group_value(const void *a, const void *b)
{
    const struct group_value_row *left = a;
    const struct group_value_row *right = b;
    return left->group_id == right->group_id && left->value_id == right->value_id;
}

/* Adds one sighting to a tally. */
static void add_sighting(struct tally *tally, int64_t seen)
{
    if (tally->times_seen == 0 || seen < tally->first_seen)
        tally->first_seen = seen;
    if (tally->times_seen == 0 || seen > tally->last_seen)
        tally->last_seen = seen;
    tally->times_seen++;
}

/* The fold functions find or add the row of an observation; *place is its place in the set. */
static bool fold_key(struct batch *batch, const struct tag_observation *seen,
                     int64_t environment_id, size_t *place, struct error *error)
{
    const struct key_row row = {.project_id = seen->project_id,
                                .environment_id = environment_id,
                                .key = seen->key,
                                .place = batch->keys.count};
    uint64_t hash = row_hash_int(row_hash_int(ROW_HASH, seen->project_id), environment_id);
    return row_set_add(&batch->keys, row_hash_text(hash, seen->key), &row, place, error);
}

static bool fold_value(struct batch *batch, const struct tag_observation *seen, size_t key,
                       size_t *place, struct error *error)
{
    const struct value_row row = {.project_id = seen->project_id,
                                  .key_id = (int64_t)key,
                                  .value = seen->value,
                                  .place = batch->values.count};
    uint64_t hash = row_hash_text(row_hash_int(ROW_HASH, (int64_t)key), seen->value);
    if (!row_set_add(&batch->values, hash, &row, place, error))
        return false;
    add_sighting(&((struct value_row *)batch->values.rows)[*place].tally, seen->seen);
    return true;
}

static bool fold_group_value(struct batch *batch, const struct tag_observation *seen, size_t value,
                             struct error *error)
{
    size_t place = 0;
    const struct group_value_row row = {
        .project_id = seen->project_id, .group_id = seen->group_id, .value_id = (int64_t)value};
    uint64_t hash = row_hash_int(row_hash_int(ROW_HASH, seen->group_id), (int64_t)value);
    if (!row_set_add(&batch->group_values, hash, &row, &place, error))
        return false;
    add_sighting(&((struct group_value_row *)batch->group_values.rows)[place].tally, seen->seen);
    return true;
}

/* Counts an observation in one environment. *value is the place of its value. */
static bool fold_observation(struct batch *batch, const struct tag_observation *seen,
                             int64_t environment_id, size_t *value, struct error *error)
{
    size_t key = 0;
    return fold_key(batch, seen, environment_id, &key, error) &&
           fold_value(batch, seen, key, value, error) &&
           fold_group_value(batch, seen, *value, error);
}

/* Folds each observation twice, and remembers the value of its own environment. */
static bool fold_observations(struct batch *batch, struct error *error)
{
    size_t ignored = 0;
    batch->own_values =
        arena_array(batch->arena, batch->observations->count, sizeof(*batch->own_values), error);
    if (batch->own_values == NULL)
        return false;
    for (size_t i = 0; i < batch->observations->count; i++) {
        const struct tag_observation *seen = &batch->observations->items[i];
        if (seen->environment_id <= 0)
            return error_set(error, ERROR_INTERNAL, "a tag of an event without environment");
        if (!fold_observation(batch, seen, seen->environment_id, &batch->own_values[i], error) ||
            !fold_observation(batch, seen, 0, &ignored, error))
            return false;
    }
    return true;
}

/* ---- keys ---- */

/* The compare functions give the orders that record_sql.h names. */
static int compare_keys(const void *a, const void *b)
{
    const struct key_row *left = a;
    const struct key_row *right = b;
    int order = compare_numbers(left->project_id, right->project_id);
    if (order == 0)
        order = compare_numbers(left->environment_id, right->environment_id);
    return order != 0 ? order : strcmp(left->key, right->key);
}

/* Sets the id of each place's key. */
static bool save_keys(struct batch *batch, struct error *error)
{
    struct key_row *rows = batch->keys.rows;
    size_t count = batch->keys.count;
    qsort(rows, count, sizeof(*rows), compare_keys);
    batch->key_ids = arena_array(batch->arena, count, sizeof(*batch->key_ids), error);
    if (batch->key_ids == NULL || !record_keys(batch->pg, rows, count, error))
        return false;
    for (size_t i = 0; i < count; i++)
        batch->key_ids[rows[i].place] = rows[i].id;
    return true;
}

/* ---- values ---- */

static int compare_values(const void *a, const void *b)
{
    const struct value_row *left = a;
    const struct value_row *right = b;
    int order = compare_numbers(left->project_id, right->project_id);
    if (order == 0)
        order = compare_numbers(left->key_id, right->key_id);
    return order != 0 ? order : strcmp(left->value, right->value);
}

static int compare_new_values(const void *a, const void *b)
{
    const struct new_values *left = a;
    const struct new_values *right = b;
    return compare_numbers(left->key_id, right->key_id);
}

/* Adds the values that this batch has created to values_seen of their keys. */
static bool save_new_values(struct batch *batch, struct error *error)
{
    size_t added = 0;
    const struct value_row *values = batch->values.rows;
    struct new_values *rows = arena_array(batch->arena, batch->keys.count, sizeof(*rows), error);
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < batch->values.count; i++) {
        if (!values[i].is_new)
            continue;
        if (added == 0 || rows[added - 1].key_id != values[i].key_id)
            rows[added++] = (struct new_values){.key_id = values[i].key_id};
        rows[added - 1].count++;
    }
    qsort(rows, added, sizeof(*rows), compare_new_values);
    return added == 0 || record_new_values(batch->pg, rows, added, error);
}

/* Replaces the places of keys by ids, and sets the ids that the cache knows. */
static bool resolve_values(struct batch *batch, struct error *error)
{
    struct value_row *rows = batch->values.rows;
    size_t count = batch->values.count;
    batch->value_ids = arena_array(batch->arena, count, sizeof(*batch->value_ids), error);
    batch->value_keys = arena_array(batch->arena, count, sizeof(*batch->value_keys), error);
    if (batch->value_ids == NULL || batch->value_keys == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        rows[i].key_id = batch->key_ids[rows[i].key_id];
        rows[i].id = value_cache_find(batch->cache, rows[i].key_id, rows[i].value);
        batch->value_keys[i] = rows[i].key_id;
    }
    qsort(rows, count, sizeof(*rows), compare_values);
    return true;
}

/* Finds the values, and creates missing ones as never seen. */
static bool save_values(struct batch *batch, struct error *error)
{
    if (!resolve_values(batch, error))
        return false;
    struct value_row *rows = batch->values.rows;
    if (!record_values(batch->pg, rows, batch->values.count, error))
        return false;
    for (size_t i = 0; i < batch->values.count; i++) {
        value_cache_add(batch->cache, rows[i].key_id, rows[i].value, rows[i].id);
        batch->value_ids[rows[i].place] = rows[i].id;
    }
    return save_new_values(batch, error);
}

static int compare_value_ids(const void *a, const void *b)
{
    const struct value_row *left = a;
    const struct value_row *right = b;
    return compare_numbers(left->id, right->id);
}

/* Sums are added in the order of the values' ids. */
static bool save_value_sums(struct batch *batch, struct error *error)
{
    qsort(batch->values.rows, batch->values.count, sizeof(struct value_row), compare_value_ids);
    return record_value_sums(batch->pg, batch->values.rows, batch->values.count, error);
}

/* ---- values of groups ---- */

static int compare_group_values(const void *a, const void *b)
{
    const struct group_value_row *left = a;
    const struct group_value_row *right = b;
    int order = compare_numbers(left->project_id, right->project_id);
    if (order == 0)
        order = compare_numbers(left->group_id, right->group_id);
    if (order == 0)
        order = compare_numbers(left->key_id, right->key_id);
    return order != 0 ? order : compare_numbers(left->value_id, right->value_id);
}

/* Replaces the places of values by the ids of key and value. */
static bool save_group_values(struct batch *batch, struct error *error)
{
    struct group_value_row *rows = batch->group_values.rows;
    size_t count = batch->group_values.count;
    for (size_t i = 0; i < count; i++) {
        rows[i].key_id = batch->value_keys[rows[i].value_id];
        rows[i].value_id = batch->value_ids[rows[i].value_id];
    }
    qsort(rows, count, sizeof(*rows), compare_group_values);
    return record_group_values(batch->pg, rows, count, error);
}

/* ---- the tags of each event ---- */

/* Stores the tags of the events that have a row in sentry_message. */
static bool save_event_tags(struct batch *batch, struct error *error)
{
    size_t count = 0;
    struct event_tag_row *rows =
        arena_array(batch->arena, batch->observations->count, sizeof(*rows), error);
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < batch->observations->count; i++) {
        const struct tag_observation *seen = &batch->observations->items[i];
        if (seen->event_id != 0)
            rows[count++] =
                (struct event_tag_row){.project_id = seen->project_id,
                                       .group_id = seen->group_id,
                                       .event_id = seen->event_id,
                                       .key_id = batch->value_keys[batch->own_values[i]],
                                       .value_id = batch->value_ids[batch->own_values[i]],
                                       .date_added = seen->seen};
    }
    return record_new_event_tags(batch->pg, rows, count, error);
}

/* ---- the batch ---- */

/* What rarely makes another writer wait comes first: keys and values, which postgres_prepare has
   created already, and the tags of the batch's own events. The sums come last. All writers of a
   popular value want to lock them, and they stay locked until the COMMIT. */
static bool save_batch(struct batch *batch, struct error *error)
{
    return fold_observations(batch, error) && save_keys(batch, error) &&
           save_values(batch, error) && save_event_tags(batch, error) &&
           record_check_references(batch->pg, error) && save_group_values(batch, error) &&
           save_value_sums(batch, error);
}

/* The part of save_batch that creates keys and values. */
static bool prepare_batch(struct batch *batch, struct error *error)
{
    return fold_observations(batch, error) && save_keys(batch, error) && save_values(batch, error);
}

/* Runs the steps on a new batch. After a failure the cache is cleared. */
static bool process_batch(struct tagstore *store, const struct tag_observation_list *observations,
                          bool (*steps)(struct batch *batch, struct error *error),
                          struct error *error)
{
    struct postgres_tagstore *postgres = (struct postgres_tagstore *)store;
    if (postgres->values == NULL)
        postgres->values = value_cache_new();
    struct batch batch = {.pg = postgres->pg,
                          .cache = postgres->values,
                          .arena = arena_new(ARENA_MAX),
                          .observations = observations};
    row_set_init(&batch.keys, sizeof(struct key_row), same_key);
    row_set_init(&batch.values, sizeof(struct value_row), same_value);
    row_set_init(&batch.group_values, sizeof(struct group_value_row), same_group_value);
    bool done = batch.arena == NULL || batch.cache == NULL
                    ? error_no_memory(error)
                    : observations->count == 0 || steps(&batch, error);
    row_set_free(&batch.group_values);
    row_set_free(&batch.values);
    row_set_free(&batch.keys);
    arena_free(batch.arena);
    if (!done && batch.cache != NULL)
        value_cache_clear(batch.cache); /* it may be the cause */
    return done;
}

bool postgres_prepare(struct tagstore *store, const struct tag_observation_list *observations,
                      struct error *error)
{
    return process_batch(store, observations, prepare_batch, error);
}

bool postgres_record(struct tagstore *store, const struct tag_observation_list *observations,
                     struct error *error)
{
    return process_batch(store, observations, save_batch, error);
}
