/*
 * Recording a batch: each observation is seen twice, once in its environment and once in all
 * environments (0), whose rows are sums of their own. Two sorts bring equal rows together, so that
 * each row of a table is written once a batch.
 *
 * An event's tags refer to the key and value of the event's own environment: that is the only place
 * that says which environment an event had, and what a group's sums are computed from anew when
 * events move to another group.
 */
#include "tagstore/postgres/operations.h"
#include "tagstore/postgres/record_sql.h"

#define ARENA_MAX ((size_t)1024 * 1024 * 1024)

struct entry {
    const struct tag_observation *seen;
    int64_t environment_id; /* that of the observation, or 0 */
    int64_t key_id, value_id;
};

struct batch {
    struct pg *pg;
    struct value_cache *cache;
    struct arena *arena;
    struct entry *entries;
    size_t count;
    struct key_row *keys;
    size_t key_count;
    struct value_row *values;
    size_t value_count;
};

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* ---- keys ---- */

static int compare_keys(const void *a, const void *b)
{
    const struct key_row *left = a;
    const struct key_row *right = b;
    int order = compare(left->project_id, right->project_id);
    if (order == 0)
        order = compare(left->environment_id, right->environment_id);
    return order != 0 ? order : strcmp(left->key, right->key);
}

static struct key_row key_of(const struct entry *entry)
{
    return (struct key_row){.project_id = entry->seen->project_id,
                            .environment_id = entry->environment_id,
                            .key = entry->seen->key};
}

/* Sorts, and drops what is there twice. */
static size_t sort_keys(struct key_row *keys, size_t count)
{
    size_t kept = 0;
    qsort(keys, count, sizeof(*keys), compare_keys);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare_keys(&keys[kept - 1], &keys[i]) != 0)
            keys[kept++] = keys[i];
    return kept;
}

static bool save_keys(struct batch *batch, struct error *error)
{
    batch->keys = arena_array(batch->arena, batch->count, sizeof(*batch->keys), error);
    if (batch->keys == NULL)
        return false;
    for (size_t i = 0; i < batch->count; i++)
        batch->keys[i] = key_of(&batch->entries[i]);
    batch->key_count = sort_keys(batch->keys, batch->count);
    if (!record_keys(batch->pg, batch->keys, batch->key_count, error))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        struct key_row wanted = key_of(&batch->entries[i]);
        const struct key_row *found =
            bsearch(&wanted, batch->keys, batch->key_count, sizeof(*batch->keys), compare_keys);
        batch->entries[i].key_id = found->id;
    }
    return true;
}

/* ---- values ---- */

static int compare_values(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    int order = compare(left->seen->project_id, right->seen->project_id);
    if (order == 0)
        order = compare(left->key_id, right->key_id);
    return order != 0 ? order : strcmp(left->seen->value, right->seen->value);
}

static int compare_group_values(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    int order = compare(left->seen->project_id, right->seen->project_id);
    if (order == 0)
        order = compare(left->seen->group_id, right->seen->group_id);
    if (order == 0)
        order = compare(left->key_id, right->key_id);
    return order != 0 ? order : compare(left->value_id, right->value_id);
}

static void count_one(struct tally *tally, int64_t seen)
{
    if (tally->times_seen == 0 || seen < tally->first_seen)
        tally->first_seen = seen;
    if (tally->times_seen == 0 || seen > tally->last_seen)
        tally->last_seen = seen;
    tally->times_seen++;
}

/* One row for each run of equal entries; value_id tells meanwhile which row an entry is in. */
static size_t list_values(struct batch *batch, struct value_row *rows)
{
    struct entry *entries = batch->entries;
    size_t count = 0;
    qsort(entries, batch->count, sizeof(*entries), compare_values);
    for (size_t i = 0; i < batch->count; i++) {
        if (i == 0 || compare_values(&entries[i - 1], &entries[i]) != 0)
            rows[count++] = (struct value_row){.project_id = entries[i].seen->project_id,
                                               .key_id = entries[i].key_id,
                                               .value = entries[i].seen->value};
        count_one(&rows[count - 1].tally, entries[i].seen->seen);
        entries[i].value_id = (int64_t)count - 1;
    }
    return count;
}

static int compare_new_values(const void *a, const void *b)
{
    const struct new_values *left = a;
    const struct new_values *right = b;
    return compare(left->key_id, right->key_id);
}

static bool save_new_values(struct batch *batch, struct error *error)
{
    size_t added = 0;
    struct new_values *rows = arena_array(batch->arena, batch->key_count, sizeof(*rows), error);
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < batch->value_count; i++) {
        const struct value_row *value = &batch->values[i];
        if (!value->is_new)
            continue;
        if (added == 0 || rows[added - 1].key_id != value->key_id)
            rows[added++] = (struct new_values){.key_id = value->key_id};
        rows[added - 1].count++;
    }
    qsort(rows, added, sizeof(*rows), compare_new_values);
    return added == 0 || record_new_values(batch->pg, rows, added, error);
}

static void find_known(struct batch *batch)
{
    for (size_t i = 0; i < batch->value_count; i++)
        batch->values[i].id =
            value_cache_find(batch->cache, batch->values[i].key_id, batch->values[i].value);
}

static void remember(struct batch *batch)
{
    for (size_t i = 0; i < batch->value_count; i++)
        value_cache_add(batch->cache, batch->values[i].key_id, batch->values[i].value,
                        batch->values[i].id);
}

/* Finds the values, or makes them as never seen. */
static bool save_values(struct batch *batch, struct error *error)
{
    batch->values = arena_array(batch->arena, batch->count, sizeof(*batch->values), error);
    if (batch->values == NULL)
        return false;
    batch->value_count = list_values(batch, batch->values);
    find_known(batch);
    if (!record_values(batch->pg, batch->values, batch->value_count, error))
        return false;
    remember(batch);
    for (size_t i = 0; i < batch->count; i++)
        batch->entries[i].value_id = batch->values[batch->entries[i].value_id].id;
    return save_new_values(batch, error);
}

static int compare_value_ids(const void *a, const void *b)
{
    const struct value_row *left = a;
    const struct value_row *right = b;
    return compare(left->id, right->id);
}

static bool save_value_sums(struct batch *batch, struct error *error)
{
    qsort(batch->values, batch->value_count, sizeof(*batch->values), compare_value_ids);
    return record_value_sums(batch->pg, batch->values, batch->value_count, error);
}

/* ---- values of groups ---- */

static size_t list_group_values(struct batch *batch, struct group_value_row *rows)
{
    struct entry *entries = batch->entries;
    size_t count = 0;
    qsort(entries, batch->count, sizeof(*entries), compare_group_values);
    for (size_t i = 0; i < batch->count; i++) {
        if (i == 0 || compare_group_values(&entries[i - 1], &entries[i]) != 0)
            rows[count++] = (struct group_value_row){.project_id = entries[i].seen->project_id,
                                                     .group_id = entries[i].seen->group_id,
                                                     .key_id = entries[i].key_id,
                                                     .value_id = entries[i].value_id};
        count_one(&rows[count - 1].tally, entries[i].seen->seen);
    }
    return count;
}

static bool save_group_values(struct batch *batch, struct error *error)
{
    struct group_value_row *rows = arena_array(batch->arena, batch->count, sizeof(*rows), error);
    return rows != NULL &&
           record_group_values(batch->pg, rows, list_group_values(batch, rows), error);
}

/* ---- the tags of each event ---- */

static bool save_event_tags(struct batch *batch, struct error *error)
{
    size_t count = 0;
    struct event_tag_row *rows = arena_array(batch->arena, batch->count, sizeof(*rows), error);
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        const struct entry *entry = &batch->entries[i];
        if (entry->environment_id == 0 || entry->seen->event_id == 0)
            continue;
        rows[count++] = (struct event_tag_row){.project_id = entry->seen->project_id,
                                               .group_id = entry->seen->group_id,
                                               .event_id = entry->seen->event_id,
                                               .key_id = entry->key_id,
                                               .value_id = entry->value_id,
                                               .date_added = entry->seen->seen};
    }
    return record_new_event_tags(batch->pg, rows, count, error);
}

/* ---- the batch ---- */

static bool read_observations(struct batch *batch, const struct tag_observation *observations,
                              size_t count, struct error *error)
{
    batch->entries = arena_array(batch->arena, count, 2 * sizeof(*batch->entries), error);
    if (batch->entries == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (observations[i].environment_id <= 0)
            return error_set(error, ERROR_INTERNAL, "a tag of an event without environment");
        batch->entries[batch->count++] = (struct entry){
            .seen = &observations[i], .environment_id = observations[i].environment_id};
        batch->entries[batch->count++] =
            (struct entry){.seen = &observations[i], .environment_id = 0};
    }
    return true;
}

/* First what holds up nobody: new rows. Then the sums, which all writers of a popular value want:
   they stay locked until the COMMIT, so all that takes long is done before. */
static bool save(struct batch *batch, struct error *error)
{
    return save_keys(batch, error) && save_values(batch, error) && save_event_tags(batch, error) &&
           record_check_references(batch->pg, error) && save_group_values(batch, error) &&
           save_value_sums(batch, error);
}

static bool prepare(struct batch *batch, struct error *error)
{
    return save_keys(batch, error) && save_values(batch, error);
}

static bool run(struct tagstore *store, const struct tag_observation *observations, size_t count,
                bool (*steps)(struct batch *batch, struct error *error), struct error *error)
{
    struct postgres_tagstore *postgres = (struct postgres_tagstore *)store;
    if (postgres->values == NULL)
        postgres->values = value_cache_new();
    struct batch batch = {
        .pg = postgres->pg, .cache = postgres->values, .arena = arena_new(ARENA_MAX)};
    bool done = batch.arena == NULL || batch.cache == NULL
                    ? error_set(error, ERROR_AWAY, "no memory")
                    : count == 0 || (read_observations(&batch, observations, count, error) &&
                                     steps(&batch, error));
    arena_free(batch.arena);
    if (!done && batch.cache != NULL)
        value_cache_clear(batch.cache); /* it may be the reason */
    return done;
}

bool postgres_prepare(struct tagstore *store, const struct tag_observation *observations,
                      size_t count, struct error *error)
{
    return run(store, observations, count, prepare, error);
}

bool postgres_record(struct tagstore *store, const struct tag_observation *observations,
                     size_t count, struct error *error)
{
    return run(store, observations, count, save, error);
}
