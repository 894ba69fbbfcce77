/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each step moves a few messages at a time. It adds them to their new place before it removes them
 * from the old one: a crash in between leaves them in both, and the intake recognizes the second.
 *
 * Tested by tests/unit/job/takeover_test.c and tests/system/test_upgrade.py.
 */
#include "job/old_queue.h"

#include "base/fault.h"
#include "base/text.h"
#include "wire/job_message.h"

enum {
    KEY_MAX = 1024,
    AT_ONCE = REDIS_ARGS_MAX - 2, /* messages per command, beside the verb and the key */
    SCAN_AT_ONCE = 1000,
};

/* Prints the key `name` of this queue. */
static bool make_key(const struct old_queue *queue, const char *name, char key[KEY_MAX],
                     struct error *error)
{
    int size = snprintf(key, KEY_MAX, "exportd:{%s}:%s", intake_lists_queue(queue->lists), name);
    return size < KEY_MAX || error_set(error, ERROR_INVALID, "the queue's name is too long");
}

/* The list of kombu that is served first, from its right end. */
static const char *first_list(const struct old_queue *queue)
{
    return intake_lists_key(queue->lists, 0);
}

/* Calls a command that answers with a number. */
static bool call_int(const struct old_queue *queue, const struct redis_command *command,
                     int64_t *number, struct error *error)
{
    struct redis_reply *reply = NULL;
    if (!redis_call(queue->redis, command, 0, &reply, error))
        return false;
    *number = redis_int(reply);
    redis_reply_free(reply);
    return true;
}

/* Calls a command whose arguments are a key and all the messages. */
static bool call_with_all(const struct old_queue *queue, const char *verb, const char *key,
                          const struct redis_reply *messages, struct error *error)
{
    struct redis_command command = {.count = 0};
    int64_t answer = 0;
    redis_add_text(&command, verb);
    redis_add_text(&command, key);
    for (size_t i = 0; i < redis_count(messages); i++) {
        size_t size = 0;
        const char *bytes = redis_text(redis_item(messages, i), &size);
        redis_add(&command, bytes, size);
    }
    return call_int(queue, &command, &answer, error);
}

/* ---- workers and pause ---- */

/* The clock of Redis, rounded down to a second. */

static bool read_time_ms(const struct old_queue *queue, int64_t *ms, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    int64_t seconds = 0;
    redis_add_text(&command, "TIME");
    if (!redis_call(queue->redis, &command, 0, &reply, error))
        return false;
    bool done = (redis_count(reply) == 2 && text_to_int64(redis_text(redis_item(reply, 0), NULL), 0,
                                                          USEC_LAST / USEC_PER_SECOND, &seconds)) ||
                error_set(error, ERROR_QUERY, "an unexpected answer of Redis to TIME");
    redis_reply_free(reply);
    *ms = seconds * 1000;
    return done;
}

bool old_queue_has_worker(const struct old_queue *queue, int64_t lease_seconds, bool *has,
                          struct error *error)
{
    char key[KEY_MAX];
    int64_t now = 0;
    int64_t alive = 0;
    struct redis_command command = {.count = 0};
    if (!make_key(queue, "workers", key, error) || !read_time_ms(queue, &now, error))
        return false;
    redis_add_text(&command, "ZCOUNT");
    redis_add_text(&command, key);
    redis_add_int(&command, now - lease_seconds * 1000);
    redis_add_text(&command, "+inf");
    if (!call_int(queue, &command, &alive, error))
        return false;
    *has = alive > 0;
    return true;
}

bool old_queue_is_paused(const struct old_queue *queue, bool *paused, struct error *error)
{
    char key[KEY_MAX];
    int64_t exists = 0;
    struct redis_command command = {.count = 0};
    if (!make_key(queue, "paused", key, error))
        return false;
    redis_add_text(&command, "EXISTS");
    redis_add_text(&command, key);
    if (!call_int(queue, &command, &exists, error))
        return false;
    *paused = exists == 1;
    return true;
}

/* ---- dead messages ---- */

/* When the message was buried, in microseconds: an entry's id begins with the millisecond. */
static int64_t moment_of(const char *id)
{
    long long ms = strtoll(id, NULL, 10);
    return ms > 0 && ms <= USEC_LAST / 1000 ? ms * 1000 : 1;
}

/* A field of a stream's entry; "" if it is missing. */
static const char *field_of(const struct redis_reply *entry, const char *name, size_t *size)
{
    const struct redis_reply *fields = redis_item(entry, 1);
    for (size_t i = 0; i + 1 < redis_count(fields); i += 2)
        if (text_equal(redis_text(redis_item(fields, i), NULL), name))
            return redis_text(redis_item(fields, i + 1), size);
    if (size != NULL)
        *size = 0;
    return "";
}

bool old_queue_parse_dead(const struct redis_reply *entry, struct dead_message *dead,
                          struct error *error)
{
    struct job_message job;
    *dead = (struct dead_message){
        .worker = field_of(entry, "worker", NULL),
        .reason = field_of(entry, "reason", NULL),
        .date_added = moment_of(redis_text(redis_item(entry, 0), NULL)),
    };
    dead->bytes = field_of(entry, "message", &dead->size);
    if (job_message_parse(dead->bytes, dead->size, &job, error))
        dead->data_export_id = job.data_export_id;
    else if (error->code == ERROR_AWAY)
        return false;
    return true;
}

bool old_queue_read_dead(const struct old_queue *queue, struct redis_reply **entries,
                         struct error *error)
{
    char key[KEY_MAX];
    struct redis_command command = {.count = 0};
    if (!make_key(queue, "dead", key, error))
        return false;
    redis_add_text(&command, "XRANGE");
    redis_add_text(&command, key);
    redis_add_text(&command, "-");
    redis_add_text(&command, "+");
    redis_add_text(&command, "COUNT");
    redis_add_int(&command, AT_ONCE);
    return redis_call(queue->redis, &command, 0, entries, error);
}

bool old_queue_remove_dead(const struct old_queue *queue, const struct redis_reply *entries,
                           struct error *error)
{
    char key[KEY_MAX];
    struct redis_command command = {.count = 0};
    int64_t removed = 0;
    if (!make_key(queue, "dead", key, error))
        return false;
    redis_add_text(&command, "XDEL");
    redis_add_text(&command, key);
    for (size_t i = 0; i < redis_count(entries); i++)
        redis_add_text(&command, redis_text(redis_item(redis_item(entries, i), 0), NULL));
    return call_int(queue, &command, &removed, error);
}

/* ---- delayed messages ---- */

/* *moved: how many; 0 once there are none left. Adds first, so that no message is lost. */
static bool give_back_some_delayed(const struct old_queue *queue, const char *key, int64_t *moved,
                                   struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *messages = NULL;
    redis_add_text(&command, "ZRANGE");
    redis_add_text(&command, key);
    redis_add_int(&command, 0);
    redis_add_int(&command, AT_ONCE - 1);
    if (!redis_call(queue->redis, &command, 0, &messages, error))
        return false;
    *moved = (int64_t)redis_count(messages);
    bool done = *moved == 0 || (call_with_all(queue, "RPUSH", first_list(queue), messages, error) &&
                                FAULT("takeover_delayed", error) &&
                                call_with_all(queue, "ZREM", key, messages, error));
    redis_reply_free(messages);
    return done;
}

bool old_queue_give_back_delayed(const struct old_queue *queue, int64_t *count, struct error *error)
{
    char key[KEY_MAX];
    int64_t moved = 1;
    bool done = make_key(queue, "delayed", key, error);
    *count = 0;
    while (done && moved > 0) {
        done = give_back_some_delayed(queue, key, &moved, error);
        *count += done ? moved : 0;
    }
    return done;
}

/* ---- messages in work ---- */

/* Gives back one worker's messages. The message that it took last is at the left and is moved
   first, so the message that it took first is the next to be served. */
static bool give_back_list(const struct old_queue *queue, const char *key, int64_t *count,
                           struct error *error)
{
    bool more = true;
    while (more) {
        struct redis_command command = {.count = 0};
        struct redis_reply *message = NULL;
        redis_add_text(&command, "LMOVE");
        redis_add_text(&command, key);
        redis_add_text(&command, first_list(queue));
        redis_add_text(&command, "LEFT");
        redis_add_text(&command, "RIGHT");
        if (!redis_call(queue->redis, &command, 0, &message, error))
            return false;
        more = !redis_is_null(message);
        *count += more ? 1 : 0;
        redis_reply_free(message);
    }
    return true;
}

/* The pattern of all processing lists. Special characters in the queue's name are escaped. */
static bool make_pattern(const struct old_queue *queue, char pattern[2 * KEY_MAX],
                         struct error *error)
{
    char prefix[KEY_MAX];
    size_t size = 0;
    if (!make_key(queue, "processing:", prefix, error))
        return false;
    for (const char *from = prefix; *from != '\0'; from++) {
        if (strchr("\\*?[]", *from) != NULL)
            pattern[size++] = '\\';
        pattern[size++] = *from;
    }
    pattern[size++] = '*';
    pattern[size] = '\0';
    return true;
}

/* One step of a walk over all keys; the cursor is "0" after the last one. */
static bool give_back_some_work(const struct old_queue *queue, const char *pattern, char cursor[32],
                                int64_t *count, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, "SCAN");
    redis_add_text(&command, cursor);
    redis_add_text(&command, "MATCH");
    redis_add_text(&command, pattern);
    redis_add_text(&command, "COUNT");
    redis_add_int(&command, SCAN_AT_ONCE);
    if (!redis_call(queue->redis, &command, 0, &reply, error))
        return false;
    bool done = (redis_count(reply) == 2 &&
                 text_copy(cursor, 32, redis_text(redis_item(reply, 0), NULL))) ||
                error_set(error, ERROR_QUERY, "an unexpected answer of Redis to SCAN");
    for (size_t i = 0; done && i < redis_count(redis_item(reply, 1)); i++)
        done = give_back_list(queue, redis_text(redis_item(redis_item(reply, 1), i), NULL), count,
                              error);
    redis_reply_free(reply);
    return done;
}

/* Lists may have outlived the names of their workers. */
bool old_queue_give_back_work(const struct old_queue *queue, int64_t *count, struct error *error)
{
    char pattern[2 * KEY_MAX];
    char cursor[32] = "0";
    bool done = make_pattern(queue, pattern, error);
    *count = 0;
    do {
        done = done && give_back_some_work(queue, pattern, cursor, count, error);
    } while (done && !text_equal(cursor, "0"));
    return done;
}

/* One DEL for all keys; a key that does not exist is no error. */
bool old_queue_remove(const struct old_queue *queue, struct error *error)
{
    static const char *const names[] = {"dead",  "delayed", "paused", "workers",
                                        "known", "crashes", "swept",  "missing"};
    char keys[ARRAY_LENGTH(names)][KEY_MAX];
    int64_t removed = 0;
    struct redis_command command = {.count = 0};
    bool done = true;
    redis_add_text(&command, "DEL");
    for (size_t i = 0; done && i < ARRAY_LENGTH(names); i++) {
        done = make_key(queue, names[i], keys[i], error);
        redis_add_text(&command, keys[i]);
    }
    return done && call_int(queue, &command, &removed, error);
}
