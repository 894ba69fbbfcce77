/* SPDX-License-Identifier: Apache-2.0 */
#include "event/last_processed.h"

enum { BUCKETS = 16, KEY_MAX = 80 };

/* ---- what to record ---- */

/* Makes the event the last one of its hashes, except of a hash that leads to another group. */
static void mark_last(const struct grouping *grouping, const struct event *event, const char **last)
{
    for (size_t i = 0; i < event->line.hash_count; i++) {
        size_t place = named_rows_find(grouping->hashes, grouping->hash_count,
                                       event->line.project_id, event->line.hashes[i]);
        if (grouping->hash_groups[place] == event->group_id)
            last[place] = event->line.event_id;
    }
}

bool last_processed_list(const struct event_batch *batch, const struct grouping *grouping,
                         struct last_processed_list *list, struct error *error)
{
    const char **last = arena_array(batch->arena, grouping->hash_count, sizeof(*last), error);
    list->items = arena_array(batch->arena, grouping->hash_count, sizeof(*list->items), error);
    list->count = 0;
    if (last == NULL || list->items == NULL)
        return false;
    for (size_t i = 0; i < batch->count; i++)
        if (!batch->events[i]->sampled)
            mark_last(grouping, batch->events[i], last);
    for (size_t i = 0; i < grouping->hash_count; i++)
        if (last[i] != NULL)
            list->items[list->count++] = (struct last_processed){grouping->hashes[i].owner_id,
                                                                 grouping->hashes[i].id, last[i]};
    return true;
}

/* ---- Redis ---- */

/* Starts a command with its verb, key and field. The command points to `key`, which must live
   until the command is appended. */
static void start_command(struct redis_command *command, const char *verb, char key[KEY_MAX],
                          const struct last_processed *one)
{
    int64_t bucket = (one->grouphash_id % BUCKETS + BUCKETS) % BUCKETS; /* of -1: 15 */
    (void)snprintf(key, KEY_MAX, "last-processed-event:%" PRId64 ":%" PRId64, one->project_id,
                   bucket);
    command->count = 0;
    redis_add_text(command, verb);
    redis_add_text(command, key);
    redis_add_int(command, one->grouphash_id);
}

static bool append_set(struct redis *redis, const struct last_processed *one, struct error *error)
{
    char key[KEY_MAX];
    struct redis_command command;
    start_command(&command, "HSET", key, one);
    redis_add_text(&command, one->event_id);
    return redis_append(redis, &command, error);
}

static bool append_get(struct redis *redis, const struct last_processed *one, struct error *error)
{
    char key[KEY_MAX];
    struct redis_command command;
    start_command(&command, "HGET", key, one);
    return redis_append(redis, &command, error);
}

bool last_processed_record(struct redis *redis, const struct last_processed *list, size_t count,
                           struct error *error)
{
    if (count == 0)
        return true;
    if (!redis_connect(redis, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!append_set(redis, &list[i], error))
            return false;
    for (size_t i = 0; i < count; i++) {
        char key[KEY_MAX];
        struct redis_command command;
        struct redis_reply *reply = NULL;
        start_command(&command, "HSET", key, &list[i]);
        if (!redis_next_reply(redis, &command, &reply, error))
            return false;
        redis_reply_free(reply);
    }
    return true;
}

static bool read_event(struct redis *redis, struct last_processed *one, struct arena *arena,
                       struct error *error)
{
    char key[KEY_MAX];
    struct redis_command command;
    struct redis_reply *reply = NULL;
    start_command(&command, "HGET", key, one);
    if (!redis_next_reply(redis, &command, &reply, error))
        return false;
    size_t size = 0;
    const char *text = redis_text(reply, &size);
    one->event_id = redis_is_null(reply) ? NULL : arena_copy(arena, text, size, error);
    bool done = redis_is_null(reply) || one->event_id != NULL;
    redis_reply_free(reply);
    return done;
}

bool last_processed_fetch(struct redis *redis, struct last_processed *list, size_t count,
                          struct arena *arena, struct error *error)
{
    if (!redis_connect(redis, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!append_get(redis, &list[i], error))
            return false;
    for (size_t i = 0; i < count; i++) {
        if (!read_event(redis, &list[i], arena, error)) {
            redis_disconnect(redis); /* the remaining replies must not reach the next command */
            return false;
        }
    }
    return true;
}
