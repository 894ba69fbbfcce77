/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/text.h"
#include "job/queue_keys.h"
#include "wire/clean_text.h"

enum { SHOWN_MESSAGE_BYTES = 2000 };

/* ---- stats ---- */

/* What workers that nobody knows have taken. */
static bool count_unregistered(struct queue *queue, struct redis *redis, int64_t *count,
                               struct error *error)
{
    json_t *workers = NULL;
    if (!queue_find_unregistered(queue, redis, &workers, error))
        return false;
    bool done = true;
    for (size_t i = 0; done && i < json_array_size(workers); i++) {
        struct redis_command command = {.count = 0};
        struct redis_reply *reply = NULL;
        char *key =
            queue_processing_key(queue, json_string_value(json_array_get(workers, i)), error);
        redis_add_text(&command, "LLEN");
        redis_add_text(&command, key != NULL ? key : "");
        done = key != NULL && redis_call(redis, &command, 0, &reply, error);
        *count += done ? redis_int(reply) : 0;
        redis_reply_free(reply);
        free(key);
    }
    json_decref(workers);
    return done;
}

bool queue_stats(struct queue *queue, struct redis *redis, struct queue_stats *stats,
                 struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    *stats = (struct queue_stats){.waiting = 0};
    /* First: a rescue moves these to a list, which is counted behind. */
    if (!count_unregistered(queue, redis, &stats->processing, error))
        return false;
    for (size_t i = 0; i < QUEUE_STEPS; i++)
        redis_add_text(&command, queue->lists[i]);
    redis_add_text(&command, queue->delayed);
    redis_add_text(&command, queue->dead);
    redis_add_text(&command, queue->workers);
    redis_add_text(&command, queue->paused);
    redis_add_text(&command, queue->processing_prefix);
    if (!queue_run(redis, "stats.lua", 8, &command, &reply, error))
        return false;
    for (size_t i = 0; i < QUEUE_STEPS; i++) {
        stats->by_step[i] = redis_int(redis_item(reply, i));
        stats->waiting += stats->by_step[i];
    }
    stats->delayed = redis_int(redis_item(reply, 4));
    stats->dead = redis_int(redis_item(reply, 5));
    stats->workers = redis_int(redis_item(reply, 6));
    stats->paused = redis_int(redis_item(reply, 7)) == 1;
    stats->processing += redis_int(redis_item(reply, 8));
    redis_reply_free(reply);
    return true;
}

/* ---- the dead list ---- */

/* <ms>-<sequence>, in full: XRANGE takes less for a range. */
static bool is_entry_id(const char *entry)
{
    const char *dash = strchr(entry, '-');
    size_t left = strspn(entry, "0123456789");
    if (dash == NULL || left == 0 || left > 19 || entry + left != dash)
        return false;
    size_t right = strspn(dash + 1, "0123456789");
    return right > 0 && right <= 19 && dash[1 + right] == '\0';
}

static bool no_entry(const char *entry, struct error *error)
{
    return error_set(error, ERROR_NOT_FOUND, "the dead list has no entry %.60s", entry);
}

/* A field of an entry, cut and made fit for JSON. */
static bool put_field(json_t *object, const char *name, const struct redis_reply *value,
                      struct error *error)
{
    struct buffer text;
    size_t size = 0;
    const char *bytes = redis_text(value, &size);
    buffer_init(&text, (size_t)3 * SHOWN_MESSAGE_BYTES);
    bool done =
        clean_text(bytes, size < SHOWN_MESSAGE_BYTES ? size : SHOWN_MESSAGE_BYTES, &text, error) &&
        json_put_text(object, name, text.data, error);
    buffer_free(&text);
    return done;
}

static bool put_fields(json_t *object, const struct redis_reply *fields, struct error *error)
{
    static const char *const shown[] = {"reason", "worker", "message"};
    for (size_t k = 0; k < ARRAY_LENGTH(shown); k++) {
        if (!json_put_null(object, shown[k], error))
            return false;
        for (size_t i = 0; i + 1 < redis_count(fields); i += 2)
            if (text_equal(redis_text(redis_item(fields, i), NULL), shown[k]) &&
                !put_field(object, shown[k], redis_item(fields, i + 1), error))
                return false;
    }
    return true;
}

/* An entry's id begins with the millisecond of its burial. */
static int64_t moment_of(const char *id)
{
    char *end = NULL;
    long long ms = strtoll(id, &end, 10);
    return ms > 0 && ms <= USEC_LAST / 1000 ? ms * 1000 : USEC_NONE;
}

static bool add_entry(json_t *entries, const struct redis_reply *entry, struct error *error)
{
    const char *id = redis_text(redis_item(entry, 0), NULL);
    json_t *object = json_object();
    bool done = json_put_text(object, "id", id, error) &&
                json_put_time(object, "date_added", moment_of(id), error) &&
                put_fields(object, redis_item(entry, 1), error);
    if (done && json_array_append(entries, object) != 0)
        done = error_no_memory(error);
    json_decref(object);
    return done;
}

bool queue_dead_list(struct queue *queue, struct redis *redis, const char *after, int64_t max,
                     json_t **entries, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    char start[64];
    if (after[0] != '\0' && !is_entry_id(after))
        return no_entry(after, error);
    (void)snprintf(start, sizeof(start), "%s%s", after[0] != '\0' ? "(" : "-", after);
    redis_add_text(&command, "XRANGE");
    redis_add_text(&command, queue->dead);
    redis_add_text(&command, start);
    redis_add_text(&command, "+");
    redis_add_text(&command, "COUNT");
    redis_add_int(&command, max);
    if (!redis_call(redis, &command, 0, &reply, error))
        return false;
    json_t *list = json_array();
    bool done = list != NULL || error_no_memory(error);
    for (size_t i = 0; done && i < redis_count(reply); i++)
        done = add_entry(list, redis_item(reply, i), error);
    redis_reply_free(reply);
    if (done)
        *entries = list;
    else
        json_decref(list);
    return done;
}

bool queue_dead_retry(struct queue *queue, struct redis *redis, const char *entry,
                      struct error *error)
{
    struct redis_command command = {.count = 0};
    int64_t found = 0;
    if (!is_entry_id(entry))
        return no_entry(entry, error);
    redis_add_text(&command, queue->dead);
    redis_add_text(&command, queue->lists[0]);
    redis_add_text(&command, entry);
    return queue_run_number(redis, "dead_retry.lua", 2, &command, &found, error) &&
           (found == 1 || no_entry(entry, error));
}

bool queue_dead_drop(struct queue *queue, struct redis *redis, const char *entry,
                     struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    if (!is_entry_id(entry))
        return no_entry(entry, error);
    redis_add_text(&command, "XDEL");
    redis_add_text(&command, queue->dead);
    redis_add_text(&command, entry);
    if (!redis_call(redis, &command, 0, &reply, error))
        return false;
    bool found = redis_int(reply) == 1;
    redis_reply_free(reply);
    return found || no_entry(entry, error);
}

/* ---- pause ---- */

static bool set_paused(struct queue *queue, struct redis *redis, bool paused, struct error *error)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, paused ? "SET" : "DEL");
    redis_add_text(&command, queue->paused);
    if (paused)
        redis_add_text(&command, "1");
    return queue_call(redis, &command, error);
}

bool queue_pause(struct queue *queue, struct redis *redis, struct error *error)
{
    return set_paused(queue, redis, true, error);
}

bool queue_resume(struct queue *queue, struct redis *redis, struct error *error)
{
    return set_paused(queue, redis, false, error);
}
