/* SPDX-License-Identifier: Apache-2.0 */
#include "job/messages.h"

#include "base/text.h"
#include "wire/clean_text.h"
#include "wire/job_message.h"

enum { AT_ONCE = 100 }; /* messages per request: each may have a MiB */

/* ---- the ids ---- */

static int compare_ids(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

bool message_ids_has(const struct message_ids *ids, int64_t id)
{
    return ids->count > 0 && bsearch(&id, ids->items, ids->count, sizeof(id), compare_ids) != NULL;
}

void message_ids_free(struct message_ids *ids)
{
    free(ids->items);
    ids->items = NULL;
}

static bool add_id(struct message_ids *ids, int64_t id, struct error *error)
{
    if (ids->count == ids->room) {
        size_t room = ids->room == 0 ? 256 : 2 * ids->room;
        int64_t *larger = memory_resize(ids->items, room * sizeof(*larger));
        if (larger == NULL)
            return error_no_memory(error);
        ids->items = larger;
        ids->room = room;
    }
    ids->items[ids->count++] = id;
    return true;
}

/* ---- messages ---- */

static bool add_message(struct message_ids *ids, const char *bytes, size_t size,
                        struct error *error)
{
    struct job_message message;
    if (job_message_parse(bytes, size, &message, error))
        return add_id(ids, message.data_export_id, error);
    return error->code != ERROR_AWAY; /* skips an unreadable message; fails without memory */
}

/* An entry of the hash is kombu's [message, exchange, routing_key]. */
static bool add_unacked(struct message_ids *ids, const char *bytes, size_t size,
                        struct error *error)
{
    json_t *entry = NULL;
    char *message = NULL;
    if (!clean_json_parse(bytes, size, JOB_MESSAGE_MAX, &entry, error))
        return error->code != ERROR_AWAY;
    const json_t *first = json_array_get(entry, 0);
    bool done = !json_is_object(first) || (json_print(first, JSON_COMPACT, &message, error) &&
                                           add_message(ids, message, strlen(message), error));
    free(message);
    json_decref(entry);
    return done;
}

/* ---- lists and hash ---- */

/* Reads from the end where producers push. A push meanwhile moves the other messages towards higher
   indexes, so that a message is read twice rather than missed. */
static bool read_list(struct redis *redis, const char *key, struct message_ids *ids,
                      struct error *error)
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
        if (!redis_call(redis, &command, 0, &reply, error))
            return false;
        count = redis_count(reply);
        for (size_t i = 0; done && i < count; i++) {
            size_t size = 0;
            const char *bytes = redis_text(redis_item(reply, i), &size);
            done = add_message(ids, bytes, size, error);
        }
        redis_reply_free(reply);
    }
    return done;
}

/* Reads one page of the hash; the cursor is "0" after the last one. */
static bool scan_unacked(struct redis *redis, const char *key, char cursor[32],
                         struct message_ids *ids, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, "HSCAN");
    redis_add_text(&command, key);
    redis_add_text(&command, cursor);
    redis_add_text(&command, "COUNT");
    redis_add_int(&command, AT_ONCE);
    if (!redis_call(redis, &command, 0, &reply, error))
        return false;
    bool done = (redis_count(reply) == 2 &&
                 text_copy(cursor, 32, redis_text(redis_item(reply, 0), NULL))) ||
                error_set(error, ERROR_QUERY, "an unexpected answer of Redis to HSCAN");
    const struct redis_reply *pairs = done ? redis_item(reply, 1) : reply;
    for (size_t i = 1; done && i < redis_count(pairs); i += 2) {
        size_t size = 0;
        const char *bytes = redis_text(redis_item(pairs, i), &size);
        done = add_unacked(ids, bytes, size, error);
    }
    redis_reply_free(reply);
    return done;
}

static bool read_unacked(struct redis *redis, const char *key, struct message_ids *ids,
                         struct error *error)
{
    char cursor[32] = "0";
    do {
        if (!scan_unacked(redis, key, cursor, ids, error))
            return false;
    } while (!text_equal(cursor, "0"));
    return true;
}

bool messages_find(const struct intake_lists *lists, struct redis *redis, struct message_ids *ids,
                   struct error *error)
{
    const char *key = NULL;
    bool done = true;
    *ids = (struct message_ids){.count = 0};
    for (int i = 0; done && (key = intake_lists_key(lists, i)) != NULL; i++)
        done = read_list(redis, key, ids, error);
    done = done && read_unacked(redis, intake_lists_unacked(lists), ids, error);
    if (done && ids->count > 0)
        qsort(ids->items, ids->count, sizeof(*ids->items), compare_ids);
    return done;
}
