/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All hashes of the batch are read at once, and those without a group are locked. The groups are
 * then chosen in memory, event by event in the order of the input. The new groups and the hashes
 * that they get are written at the end.
 *
 * Tested by tests/system/test_grouphash.py.
 */
#include "event/grouphash.h"

#include "model/grouphash.h"
#include "model/sequence.h"

/* ---- the hashes of a batch ---- */

/* New groups get their ids at the end. Until then the first one has the provisional id -1, the
   second -2, and so on. */
struct hashes {
    struct named_row *rows; /* sorted */
    int64_t *group_ids;     /* 0: none */
    bool *taken;            /* the hash got its group from this batch */
    size_t count;
};

static void add_hashes(struct hashes *hashes, const struct event_line *line)
{
    for (size_t i = 0; i < line->hash_count; i++)
        hashes->rows[hashes->count++] =
            (struct named_row){.owner_id = line->project_id, .name = line->hashes[i]};
}

/* Lists each hash once. */
static bool collect_hashes(const struct event_batch *batch, struct hashes *hashes,
                           struct error *error)
{
    struct arena *arena = batch->arena;
    size_t total = 0;
    for (size_t i = 0; i < batch->count; i++)
        total += batch->events[i]->line.hash_count;
    hashes->rows = arena_array(arena, total, sizeof(struct named_row), error);
    if (hashes->rows == NULL)
        return false;
    for (size_t i = 0; i < batch->count; i++)
        add_hashes(hashes, &batch->events[i]->line);
    hashes->count = named_rows_sort(hashes->rows, hashes->count);
    hashes->group_ids = arena_array(arena, hashes->count, sizeof(int64_t), error);
    hashes->taken = arena_array(arena, hashes->count, sizeof(bool), error);
    return hashes->group_ids != NULL && hashes->taken != NULL;
}

static bool is_any_free(const struct hashes *hashes)
{
    for (size_t i = 0; i < hashes->count; i++)
        if (hashes->group_ids[i] == 0)
            return true;
    return false;
}

/* Reads the hashes' groups, creates missing hashes, and locks those without a group. Most batches
   have no such hash. So writers of the same groups rarely wait for each other here. */
static bool load_hashes(struct pg *pg, struct hashes *hashes, struct error *error)
{
    return grouphash_read(pg, hashes->rows, hashes->group_ids, hashes->count, error) &&
           (!is_any_free(hashes) ||
            (grouphash_create(pg, hashes->rows, hashes->count, error) &&
             grouphash_lock(pg, hashes->rows, hashes->group_ids, hashes->count, error)));
}

/* ---- choosing groups ---- */

/* The index of the event's hash number `hash` in hashes->rows. */
static size_t place_of(const struct hashes *hashes, const struct event *event, size_t hash)
{
    return named_rows_find(hashes->rows, hashes->count, event->line.project_id,
                           event->line.hashes[hash]);
}

/* The group of the event's first hash that has one; 0: none has. */
static int64_t existing_group(const struct hashes *hashes, const struct event *event)
{
    for (size_t i = 0; i < event->line.hash_count; i++) {
        int64_t group_id = hashes->group_ids[place_of(hashes, event, i)];
        if (group_id != 0)
            return group_id;
    }
    return 0;
}

/* Gives the event's group to those of its hashes that have none. */
static void take_hashes(struct hashes *hashes, const struct event *event)
{
    for (size_t i = 0; i < event->line.hash_count; i++) {
        size_t place = place_of(hashes, event, i);
        if (hashes->group_ids[place] != 0)
            continue;
        hashes->group_ids[place] = event->group_id;
        hashes->taken[place] = true;
    }
}

static struct group_row new_group(const struct event *event)
{
    return (struct group_row){
        .project_id = event->line.project_id,
        .message = event->line.message,
        .platform = event->line.platform,
        .logger = event->logger,
        .level = group_level(event->level),
        .first_release_id = event->release_id,
        .count = {.first_seen = event->line.datetime, .last_seen = event->line.datetime}};
}

/* Goes in the order of the input: a new group is made from its first event. */
static void choose_groups(const struct event_batch *batch, struct hashes *hashes,
                          struct grouping *grouping)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct event *event = batch->events[i];
        event->group_id = existing_group(hashes, event);
        if (event->group_id == 0) {
            grouping->made[grouping->made_count++] = new_group(event);
            event->group_id = -(int64_t)grouping->made_count;
        }
        take_hashes(hashes, event);
    }
}

/* ---- counting ---- */

static void add_event(struct group_count *count, int64_t datetime)
{
    count->times_seen++;
    if (datetime < count->first_seen)
        count->first_seen = datetime;
    if (datetime > count->last_seen)
        count->last_seen = datetime;
}

static int compare_groups(const void *left, const void *right)
{
    const struct group_count *a = left;
    const struct group_count *b = right;
    return (a->group_id > b->group_id) - (a->group_id < b->group_id);
}

/* Sorts counts of one event each and folds them into one count per group. Returns how many groups
   there are. */
static size_t fold_counts(struct group_count *counts, size_t count)
{
    size_t kept = 0;
    if (count == 0)
        return 0;
    qsort(counts, count, sizeof(*counts), compare_groups);
    for (size_t i = 1; i < count; i++) {
        if (counts[kept].group_id == counts[i].group_id)
            add_event(&counts[kept], counts[i].first_seen);
        else
            counts[++kept] = counts[i];
    }
    return kept + 1;
}

static void count_events(const struct event_batch *batch, struct grouping *grouping)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct event *event = batch->events[i];
        int64_t datetime = event->line.datetime;
        if (event->group_id < 0)
            add_event(&grouping->made[-event->group_id - 1].count, datetime);
        else
            grouping->known[grouping->known_count++] =
                (struct group_count){event->group_id, 1, datetime, datetime};
    }
    grouping->known_count = fold_counts(grouping->known, grouping->known_count);
}

/* ---- writing ---- */

static void replace_provisional_id(int64_t *group_id, const int64_t *ids)
{
    if (*group_id < 0)
        *group_id = ids[-*group_id - 1];
}

/* Gives the new groups their ids, everywhere, and inserts them. */
static bool make_groups(const struct event_batch *batch, struct hashes *hashes,
                        struct grouping *grouping, struct error *error)
{
    if (grouping->made_count == 0)
        return true;
    int64_t *ids = arena_array(batch->arena, grouping->made_count, sizeof(int64_t), error);
    if (ids == NULL ||
        !sequence_take(batch->pg, "sentry_groupedmessage", ids, grouping->made_count, error))
        return false;
    for (size_t i = 0; i < grouping->made_count; i++)
        grouping->made[i].count.group_id = ids[i];
    for (size_t i = 0; i < batch->count; i++)
        replace_provisional_id(&batch->events[i]->group_id, ids);
    for (size_t i = 0; i < hashes->count; i++)
        replace_provisional_id(&hashes->group_ids[i], ids);
    return group_insert(batch->pg, grouping->made, grouping->made_count, error);
}

/* Writes the groups of the hashes that had none. */
static bool write_taken(const struct event_batch *batch, const struct hashes *hashes,
                        struct error *error)
{
    size_t count = 0;
    int64_t *ids = arena_array(batch->arena, hashes->count, sizeof(int64_t), error);
    int64_t *group_ids = arena_array(batch->arena, hashes->count, sizeof(int64_t), error);
    if (ids == NULL || group_ids == NULL)
        return false;
    for (size_t i = 0; i < hashes->count; i++) {
        if (!hashes->taken[i])
            continue;
        ids[count] = hashes->rows[i].id;
        group_ids[count++] = hashes->group_ids[i];
    }
    return count == 0 || grouphash_take(batch->pg, ids, group_ids, count, error);
}

bool grouphash_assign(const struct event_batch *batch, struct grouping *grouping,
                      struct error *error)
{
    struct hashes hashes = {0};
    size_t count = batch->count;
    *grouping = (struct grouping){
        .known = arena_array(batch->arena, count, sizeof(struct group_count), error),
        .made = arena_array(batch->arena, count, sizeof(struct group_row), error)};
    if (grouping->known == NULL || grouping->made == NULL ||
        !collect_hashes(batch, &hashes, error) || !load_hashes(batch->pg, &hashes, error))
        return false;
    choose_groups(batch, &hashes, grouping);
    count_events(batch, grouping);
    if (!make_groups(batch, &hashes, grouping, error) || !write_taken(batch, &hashes, error))
        return false;
    grouping->hashes = hashes.rows;
    grouping->hash_groups = hashes.group_ids;
    grouping->hash_count = hashes.count;
    return true;
}
