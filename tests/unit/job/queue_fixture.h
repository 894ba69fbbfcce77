/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that are put into the queue of a test (redis_server.h), taken from it, and looked at. */
#ifndef TEST_QUEUE_FIXTURE_H
#define TEST_QUEUE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_server.h"

static inline void expect_list(struct server *server, const char *key, const char *const *messages,
                               size_t count)
{
    char words[256];
    (void)snprintf(words, sizeof(words), "LRANGE %s 0 -1", key);
    struct redis_reply *reply = ask(server, words);
    assert_int_equal(redis_count(reply), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(redis_text(redis_item(reply, i), NULL), messages[i]);
    redis_reply_free(reply);
}

#define EXPECT_LIST(server, key, ...)                                                              \
    expect_list((server), (key), (const char *const[]){__VA_ARGS__},                               \
                ARRAY_LENGTH(((const char *const[]){__VA_ARGS__})))

/* As any producer does: also a message that waits there already. */
static inline void push(struct server *server, const char *message)
{
    struct error error;
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, "LPUSH");
    redis_add_text(&command, NAME);
    redis_add_text(&command, message);
    assert_true(redis_call(server->redis, &command, 0, &reply, &error));
    redis_reply_free(reply);
}

/* NULL when there was nothing. */
static inline struct job_ticket *take_as(struct server *server, struct queue *queue)
{
    struct error error;
    struct job_ticket *ticket = NULL;
    bool paused = true;
    if (!queue_take(queue, server->redis, 1000, &ticket, &paused, &error))
        fail_msg("%s", error.message);
    assert_false(paused);
    return ticket;
}

static inline struct job_ticket *take(struct server *server, const char *expected)
{
    struct job_ticket *ticket = take_as(server, server->queue);
    assert_non_null(ticket);
    assert_string_equal(ticket->message, expected);
    return ticket;
}

static inline void take_and_forget(struct server *server, const char *expected)
{
    job_ticket_free(take(server, expected));
}

/* ---- the dead list ---- */

static inline void bury(struct server *server, const char *message, const char *reason)
{
    struct error error;
    bool left = false;
    push(server, message);
    struct job_ticket *ticket = take(server, message);
    assert_true(queue_bury(server->queue, server->redis, ticket, reason, &left, &error));
    assert_true(left);
    job_ticket_free(ticket);
}

static inline json_t *dead_list(struct server *server, const char *after, int64_t max)
{
    struct error error;
    json_t *entries = NULL;
    assert_true(queue_dead_list(server->queue, server->redis, after, max, &entries, &error));
    return entries;
}

static inline const char *dead_text(const json_t *entries, size_t index, const char *name)
{
    const char *text = json_string_value(json_object_get(json_array_get(entries, index), name));
    assert_non_null(text);
    return text;
}

#endif
