/* SPDX-License-Identifier: Apache-2.0 */
#include "job/queue_find.h"

#include "base/text.h"
#include "job/queue_keys.h"
#include "wire/clean_text.h"
#include "wire/job_message.h"

enum { AT_ONCE = 100 }; /* messages a request: each may have a MiB */

/* Sorted once all are in. */
struct id_set {
    int64_t *ids;
    size_t count, room;
};

/* ---- the set ---- */

void id_set_free(struct id_set *ids)
{
    if (ids == NULL)
        return;
    free(ids->ids);
    free(ids);
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

bool id_set_has(const struct id_set *ids, int64_t id)
{
    return ids->count > 0 && bsearch(&id, ids->ids, ids->count, sizeof(id), compare) != NULL;
}

static bool add_id(struct id_set *ids, int64_t id, struct error *error)
{
    if (ids->count == ids->room) {
        size_t room = ids->room == 0 ? 256 : 2 * ids->room;
        int64_t *larger = memory_resize(ids->ids, room * sizeof(*larger));
        if (larger == NULL)
            return error_no_memory(error);
        ids->ids = larger;
        ids->room = room;
    }
    ids->ids[ids->count++] = id;
    return true;
}

/* ---- messages ---- */

static bool add_bytes(struct id_set *ids, const char *bytes, size_t size, struct error *error)
{
    struct job_message message;
    struct error unreadable;
    if (job_message_parse(bytes, size, &message, &unreadable))
        return add_id(ids, message.data_export_id, error);
    if (unreadable.code != ERROR_AWAY)
        return true;
    *error = unreadable; /* no memory: that says nothing about the message */
    return false;
}

static bool add_message(struct id_set *ids, const struct redis_reply *message, struct error *error)
{
    size_t size = 0;
    const char *bytes = redis_text(message, &size);
    return add_bytes(ids, bytes, size, error);
}

/* kombu's [message, exchange, routing_key]. */
static bool add_unacked(struct id_set *ids, const struct redis_reply *value, struct error *error)
{
    size_t size = 0;
    json_t *entry = NULL;
    struct error unreadable;
    const char *bytes = redis_text(value, &size);
    if (!clean_json_parse(bytes, size, JOB_MESSAGE_MAX, &entry, &unreadable))
        return unreadable.code != ERROR_AWAY || error_no_memory(error);
    char *message = NULL;
    bool done = !json_is_object(json_array_get(entry, 0)) ||
                (json_print(json_array_get(entry, 0), JSON_COMPACT, &message, error) &&
                 add_bytes(ids, message, strlen(message), error));
    free(message);
    json_decref(entry);
    return done;
}

/* The entry of a stream: its id, and a list of names and values. */
static bool add_dead(struct id_set *ids, const struct redis_reply *entry, struct error *error)
{
    const struct redis_reply *fields = redis_item(entry, 1);
    for (size_t i = 0; i + 1 < redis_count(fields); i += 2)
        if (text_equal(redis_text(redis_item(fields, i), NULL), "message") &&
            !add_message(ids, redis_item(fields, i + 1), error))
            return false;
    return true;
}

/* ---- places ---- */

/* From the end where producers push: what they push meanwhile moves the rest towards us, so that
   it is seen twice rather than not at all. */
static bool read_list(struct redis *redis, const char *key, struct id_set *ids, struct error *error)
{
    bool done = true;
    size_t count = AT_ONCE;
    for (int64_t start = 0; done && count == AT_ONCE; start += AT_ONCE) {
        struct redis_command command = {.count = 0};
        struct redis_reply *reply = NULL;
        redis_add_text(&command, "LRANGE");
        redis_add_text(&command, key);
        redis_add_int(&command, start);
        redis_add_int(&command, start + AT_ONCE - 1);
        done = redis_call(redis, &command, 0, &reply, error);
        count = done ? redis_count(reply) : 0;
        for (size_t i = 0; done && i < count; i++)
            done = add_message(ids, redis_item(reply, i), error);
        redis_reply_free(reply);
    }
    return done;
}

static bool read_processing(struct queue *queue, struct redis *redis, struct id_set *ids,
                            struct error *error)
{
    json_t *workers = NULL;
    if (!queue_find_processing(queue, redis, &workers, error))
        return false;
    bool done = true;
    for (size_t i = 0; done && i < json_array_size(workers); i++) {
        char *key =
            queue_processing_key(queue, json_string_value(json_array_get(workers, i)), error);
        done = key != NULL && read_list(redis, key, ids, error);
        free(key);
    }
    json_decref(workers);
    return done;
}

typedef bool add_function(struct id_set *ids, const struct redis_reply *item, struct error *error);

/* One step of ZSCAN or HSCAN: pairs, of which one half is of interest. *cursor is "0" at the end.
 */
static bool scan_step(struct redis *redis, const char *verb, const char *key, size_t half,
                      add_function *add, char cursor[32], struct id_set *ids, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, verb);
    redis_add_text(&command, key);
    redis_add_text(&command, cursor);
    redis_add_text(&command, "COUNT");
    redis_add_int(&command, AT_ONCE);
    if (!redis_call(redis, &command, 0, &reply, error))
        return false;
    bool done =
        redis_count(reply) == 2 && text_copy(cursor, 32, redis_text(redis_item(reply, 0), NULL));
    if (!done)
        (void)error_set(error, ERROR_QUERY, "an unexpected answer of Redis to %s", verb);
    const struct redis_reply *pairs = done ? redis_item(reply, 1) : reply;
    for (size_t i = half; done && i < redis_count(pairs); i += 2)
        done = add(ids, redis_item(pairs, i), error);
    redis_reply_free(reply);
    return done;
}

static bool read_pairs(struct redis *redis, const char *verb, const char *key, size_t half,
                       add_function *add, struct id_set *ids, struct error *error)
{
    char cursor[32] = "0";
    do {
        if (!scan_step(redis, verb, key, half, add, cursor, ids, error))
            return false;
    } while (!text_equal(cursor, "0"));
    return true;
}

static bool read_dead(struct queue *queue, struct redis *redis, struct id_set *ids,
                      struct error *error)
{
    char from[64] = "-";
    bool done = true;
    size_t count = AT_ONCE;
    while (done && count == AT_ONCE) {
        struct redis_command command = {.count = 0};
        struct redis_reply *reply = NULL;
        redis_add_text(&command, "XRANGE");
        redis_add_text(&command, queue->dead);
        redis_add_text(&command, from);
        redis_add_text(&command, "+");
        redis_add_text(&command, "COUNT");
        redis_add_int(&command, AT_ONCE);
        done = redis_call(redis, &command, 0, &reply, error);
        count = done ? redis_count(reply) : 0;
        for (size_t i = 0; done && i < count; i++) {
            const struct redis_reply *entry = redis_item(reply, i);
            done = add_dead(ids, entry, error);
            (void)snprintf(from, sizeof(from), "(%s", redis_text(redis_item(entry, 0), NULL));
        }
        redis_reply_free(reply);
    }
    return done;
}

/* ---- all ---- */

static bool read_alive(struct queue *queue, struct redis *redis, struct id_set *ids,
                       struct error *error)
{
    for (size_t i = 0; i < QUEUE_STEPS; i++)
        if (!read_list(redis, queue->lists[i], ids, error))
            return false;
    return read_processing(queue, redis, ids, error) &&
           read_pairs(redis, "ZSCAN", queue->delayed, 0, add_message, ids, error);
}

bool queue_find_ids(struct queue *queue, struct redis *redis, bool everywhere, struct id_set **ids,
                    struct error *error)
{
    struct id_set *found = memory_zeroed(1, sizeof(*found));
    if (found == NULL)
        return error_no_memory(error);
    if (!read_alive(queue, redis, found, error) ||
        (everywhere && (!read_dead(queue, redis, found, error) ||
                        !read_pairs(redis, "HSCAN", "unacked", 1, add_unacked, found, error)))) {
        id_set_free(found);
        return false;
    }
    if (found->count > 0)
        qsort(found->ids, found->count, sizeof(*found->ids), compare);
    *ids = found;
    return true;
}
