/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "job/queue_keys.h"
#include "job/retry.h"
#include "wire/clean_text.h"

enum {
    PROMOTE_AT_ONCE = 1000,
    KNOWN_MS = 24 * 3600 * 1000, /* how long a former worker's list is looked for by name */
    WALK_INTERVAL_MS = KNOWN_MS,
    NAMES_AT_ONCE = 10, /* of workers that are made known */
};

/* ---- after a reconnect ---- */

/* Whether the message is one of those held. Each of them answers for one copy only: equal messages
   may have been taken twice. */
static bool is_held(const struct redis_reply *message, const struct job_ticket *const *held,
                    bool *seen, size_t held_count)
{
    size_t size = 0;
    const char *text = redis_text(message, &size);
    for (size_t i = 0; i < held_count; i++) {
        if (seen[i] || held[i]->size != size || memcmp(held[i]->message, text, size) != 0)
            continue;
        seen[i] = true;
        return true;
    }
    return false;
}

static bool return_one(struct queue *queue, struct redis *redis, const struct redis_reply *message,
                       int64_t *count, struct error *error)
{
    struct redis_command command = {.count = 0};
    size_t size = 0;
    int64_t moved = 0;
    const char *text = redis_text(message, &size);
    redis_add_text(&command, queue->processing);
    redis_add_text(&command, queue->lists[0]);
    redis_add(&command, text, size);
    if (!queue_run_number(redis, "give_back.lua", 2, &command, &moved, error))
        return false;
    *count += moved;
    return true;
}

/* The newest first, so that the oldest is served first. */
static bool return_unheld(struct queue *queue, struct redis *redis, const struct redis_reply *list,
                          const struct job_ticket *const *held, bool *seen, size_t held_count,
                          int64_t *count, struct error *error)
{
    for (size_t i = 0; i < redis_count(list); i++) {
        const struct redis_reply *message = redis_item(list, i);
        if (!is_held(message, held, seen, held_count) &&
            !return_one(queue, redis, message, count, error))
            return false;
    }
    return true;
}

bool queue_return_stranded(struct queue *queue, struct redis *redis,
                           const struct job_ticket *const *held, size_t held_count, int64_t *count,
                           struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *list = NULL;
    *count = 0;
    bool *seen = memory_zeroed(held_count + 1, sizeof(*seen));
    if (seen == NULL)
        return error_no_memory(error);
    redis_add_text(&command, "LRANGE");
    redis_add_text(&command, queue->processing);
    redis_add_int(&command, 0);
    redis_add_int(&command, -1);
    bool done = redis_call(redis, &command, 0, &list, error) &&
                return_unheld(queue, redis, list, held, seen, held_count, count, error);
    redis_reply_free(list);
    free(seen);
    return done;
}

/* ---- supervising ---- */

bool queue_promote(struct queue *queue, struct redis *redis, int64_t *count, struct error *error)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, queue->delayed);
    redis_add_text(&command, queue->lists[0]);
    redis_add_int(&command, PROMOTE_AT_ONCE);
    *count = 0;
    return queue_run_number(redis, "promote.lua", 2, &command, count, error);
}

bool queue_rescue(struct queue *queue, struct redis *redis, const char *worker, int64_t lease_ms,
                  int64_t *count, struct error *error)
{
    struct redis_command command = {.count = 0};
    *count = 0;
    char *processing = queue_processing_key(queue, worker, error);
    if (processing == NULL)
        return false;
    redis_add_text(&command, queue->workers);
    redis_add_text(&command, processing);
    redis_add_text(&command, queue->lists[0]);
    redis_add_text(&command, queue->dead);
    redis_add_text(&command, queue->crashes);
    redis_add_text(&command, worker);
    redis_add_int(&command, lease_ms);
    redis_add_int(&command, RETRY_CRASHES_MAX);
    bool done = queue_run_number(redis, "rescue.lua", 5, &command, count, error);
    free(processing);
    return done;
}

/* ---- silent workers ---- */

/* A name that is no text cannot be one of ours: it is left alone, so that it stops nobody. */
static bool add_name(json_t *names, const char *name, struct error *error)
{
    if (!clean_text_is_clean(name, strlen(name)))
        return true;
    json_t *text = json_string(name);
    if (text == NULL || json_array_append_new(names, text) != 0)
        return error_no_memory(error);
    return true;
}

static bool has_name(const json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (text_equal(json_string_value(json_array_get(names, i)), name))
            return true;
    return false;
}

/* The pattern of all processing lists: what is special in the queue's name is escaped. NULL without
   memory. */
static char *scan_pattern(const struct queue *queue)
{
    const char *prefix = queue->processing_prefix;
    char *pattern = memory_alloc(2 * strlen(prefix) + 2);
    if (pattern == NULL)
        return NULL;
    char *to = pattern;
    for (; *prefix != '\0'; prefix++) {
        if (strchr("\\*?[]^-", *prefix) != NULL)
            *to++ = '\\';
        *to++ = *prefix;
    }
    *to++ = '*';
    *to = '\0';
    return pattern;
}

/* One step of a walk over the key space; *cursor is "0" at the end. */
static bool scan_step(struct queue *queue, struct redis *redis, const char *pattern,
                      char cursor[32], json_t *names, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, "SCAN");
    redis_add_text(&command, cursor);
    redis_add_text(&command, "MATCH");
    redis_add_text(&command, pattern);
    redis_add_text(&command, "COUNT");
    redis_add_int(&command, 1000);
    if (!redis_call(redis, &command, 0, &reply, error))
        return false;
    const struct redis_reply *keys = redis_item(reply, 1);
    size_t prefix = strlen(queue->processing_prefix);
    bool done =
        redis_count(reply) == 2 && text_copy(cursor, 32, redis_text(redis_item(reply, 0), NULL));
    if (!done)
        (void)error_set(error, ERROR_QUERY, "an unexpected answer of Redis to SCAN");
    /* SCAN may tell a key twice. */
    for (size_t i = 0; done && i < redis_count(keys); i++) {
        const char *name = redis_text(redis_item(keys, i), NULL) + prefix;
        done = has_name(names, name) || add_name(names, name, error);
    }
    redis_reply_free(reply);
    return done;
}

static bool walk(struct queue *queue, struct redis *redis, json_t *names, struct error *error)
{
    char cursor[32] = "0";
    char *pattern = scan_pattern(queue);
    bool done = pattern != NULL || error_no_memory(error);
    do {
        done = done && scan_step(queue, redis, pattern, cursor, names, error);
    } while (done && !text_equal(cursor, "0"));
    free(pattern);
    return done;
}

/* What an older exportd has left is known to nobody by name. */
static bool walk_is_due(struct queue *queue)
{
    int64_t walked = atomic_load(&queue->walked_ms);
    return walked == 0 || clock_monotonic_ms() - walked >= WALK_INTERVAL_MS;
}

/* Makes up to NAMES_AT_ONCE of the names, from `first` on, known, and adds to them those of all
   workers that have a processing list. *noted becomes false when Redis takes no notes now. */
static bool ask_for_lists(struct queue *queue, struct redis *redis, json_t *names, size_t first,
                          bool *noted, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, queue->known);
    redis_add_text(&command, queue->workers);
    redis_add_text(&command, queue->processing_prefix);
    redis_add_int(&command, KNOWN_MS);
    for (size_t i = first; i < json_array_size(names) && i < first + NAMES_AT_ONCE; i++)
        redis_add_text(&command, json_string_value(json_array_get(names, i)));
    bool done = queue_run(redis, "lists.lua", 2, &command, &reply, error);
    *noted = *noted && done && redis_int(redis_item(reply, 0)) == 1;
    for (size_t i = 1; done && i < redis_count(reply); i++) {
        const char *name = redis_text(redis_item(reply, i), NULL);
        done = has_name(names, name) || add_name(names, name, error);
    }
    redis_reply_free(reply);
    return done;
}

/* What a walk has found counts as seen only when it is known by name from now on. */
bool queue_find_processing(struct queue *queue, struct redis *redis, json_t **workers,
                           struct error *error)
{
    json_t *names = json_array();
    if (names == NULL)
        return error_no_memory(error);
    bool walks = walk_is_due(queue);
    bool noted = walks;
    bool done = !walks || walk(queue, redis, names, error);
    size_t walked = json_array_size(names);
    for (size_t first = 0; done && first <= walked; first += NAMES_AT_ONCE)
        done = ask_for_lists(queue, redis, names, first, &noted, error);
    if (!done) {
        json_decref(names);
        return false;
    }
    if (noted)
        atomic_store(&queue->walked_ms, clock_monotonic_ms());
    *workers = names;
    return true;
}

/* A server's clock that was set makes the beats of the living look old. Then nobody is judged until
   all have had a lease in which to beat again. */
static bool clock_is_steady(struct queue *queue, int64_t server_ms, int64_t lease_ms)
{
    int64_t now = clock_monotonic_ms();
    int64_t offset = server_ms - now;
    int64_t least_jump = lease_ms / 2 < 1000 ? 1000 : lease_ms / 2;
    int64_t jump = queue->clock_offset_ms == 0 ? 0 : offset - queue->clock_offset_ms;
    queue->clock_offset_ms = offset;
    if (jump > least_jump || jump < -least_jump) {
        LOG(LOG_WARNING, "redis.clock-was-set", log_int("milliseconds", jump));
        queue->judge_from_ms = now + lease_ms;
    }
    return now >= queue->judge_from_ms;
}

static bool add_late(struct queue *queue, struct redis *redis, int64_t lease_ms, json_t *names,
                     struct error *error)
{
    int64_t server_ms = 0;
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, queue->workers);
    redis_add_int(&command, lease_ms);
    bool done = queue_run(redis, "silent.lua", 1, &command, &reply, error);
    if (done && !text_to_int64(redis_text(redis_item(reply, 0), NULL), 1, INT64_MAX, &server_ms))
        done = error_set(error, ERROR_QUERY, "Redis does not tell its time");
    bool steady = done && clock_is_steady(queue, server_ms, lease_ms);
    for (size_t i = 1; done && steady && i < redis_count(reply); i++)
        done = add_name(names, redis_text(redis_item(reply, i), NULL), error);
    redis_reply_free(reply);
    return done;
}

bool queue_is_registered(struct queue *queue, struct redis *redis, const char *worker,
                         bool *registered, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, "ZSCORE");
    redis_add_text(&command, queue->workers);
    redis_add_text(&command, worker);
    if (!redis_call(redis, &command, 0, &reply, error))
        return false;
    *registered = !redis_is_null(reply);
    redis_reply_free(reply);
    return true;
}

bool queue_find_unregistered(struct queue *queue, struct redis *redis, json_t **workers,
                             struct error *error)
{
    json_t *found = NULL;
    json_t *names = json_array();
    if (names == NULL)
        return error_no_memory(error);
    bool done = queue_find_processing(queue, redis, &found, error);
    for (size_t i = 0; done && i < json_array_size(found); i++) {
        const char *worker = json_string_value(json_array_get(found, i));
        bool registered = false;
        done = queue_is_registered(queue, redis, worker, &registered, error) &&
               (registered || add_name(names, worker, error));
    }
    json_decref(found);
    if (done)
        *workers = names;
    else
        json_decref(names);
    return done;
}

/* Lists of workers that nobody knows: a BLMOVE of a stopped process may move a message long after
   its worker has been forgotten. */
static bool add_unregistered(struct queue *queue, struct redis *redis, json_t *names,
                             struct error *error)
{
    json_t *found = NULL;
    if (!queue_find_unregistered(queue, redis, &found, error))
        return false;
    bool done = json_array_extend(names, found) == 0 || error_no_memory(error);
    json_decref(found);
    return done;
}

/* What is found then is rare: once a lease. */
static bool stray_look_is_due(struct queue *queue, int64_t lease_ms)
{
    int64_t now = clock_monotonic_ms();
    if (queue->stray_looked_ms != 0 && now - queue->stray_looked_ms < lease_ms)
        return false;
    queue->stray_looked_ms = now;
    return true;
}

bool queue_silent_workers(struct queue *queue, struct redis *redis, int64_t lease_ms,
                          json_t **workers, struct error *error)
{
    json_t *names = json_array();
    if (names == NULL)
        return error_no_memory(error);
    if (add_late(queue, redis, lease_ms, names, error) &&
        (!stray_look_is_due(queue, lease_ms) || add_unregistered(queue, redis, names, error))) {
        *workers = names;
        return true;
    }
    json_decref(names);
    return false;
}

/* ---- the sweep's notes ---- */

bool queue_sweep_turn(struct queue *queue, struct redis *redis, int64_t interval_ms, bool *ours,
                      struct error *error)
{
    struct redis_command command = {.count = 0};
    int64_t turn = 0;
    redis_add_text(&command, queue->swept);
    redis_add_int(&command, interval_ms);
    if (!queue_run_number(redis, "sweep_turn.lua", 1, &command, &turn, error))
        return false;
    *ours = turn == 1;
    return true;
}

bool queue_sweep_note(struct queue *queue, struct redis *redis, int64_t interval_ms,
                      const struct buffer *names, json_t **late, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, queue->missing);
    redis_add_text(&command, queue->swept);
    redis_add_int(&command, interval_ms);
    redis_add(&command, names->size == 0 ? "" : names->data, names->size);
    json_t *found = json_array();
    bool done = found != NULL || error_no_memory(error);
    done = done && queue_run(redis, "sweep_note.lua", 2, &command, &reply, error);
    for (size_t i = 0; done && i < redis_count(reply); i++)
        done = add_name(found, redis_text(redis_item(reply, i), NULL), error);
    redis_reply_free(reply);
    if (done)
        *late = found;
    else
        json_decref(found);
    return done;
}
