/* SPDX-License-Identifier: Apache-2.0 */
/* An intake between a private Redis and a private PostgreSQL. */
#ifndef TEST_INTAKE_FIXTURE_H
#define TEST_INTAKE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/intake.h"

#include "../export_fixture.h"
#include "redis_process.h"

#define QUEUE "data_export"
#define OURS  "exportd:{" QUEUE "}:intake:"

static const int four_steps[] = {0, 3, 6, 9};
static const struct intake_naming plain_naming = {
    .queue = QUEUE,
    .key_prefix = "",
    .separator = "\x06\x16",
    .steps = four_steps,
    .step_count = 4,
};

struct door {
    struct fixture *fixture;
    struct redis_process redis;
    struct intake_lists *lists;
    struct intake intake;
};

static int start_door(void **state)
{
    static struct door door;
    void *fixture = NULL;
    if (start(&fixture) != 0)
        return 1;
    door.fixture = fixture;
    redis_process_start(&door.redis);
    door.lists = intake_lists_new(&plain_naming);
    assert_non_null(door.lists);
    *state = &door;
    return 0;
}

static int stop_door(void **state)
{
    struct door *door = *state;
    void *fixture = door->fixture;
    intake_lists_free(door->lists);
    return redis_process_stop(&door->redis) + stop(&fixture);
}

static int prepare_door(void **state)
{
    struct door *door = *state;
    void *fixture = door->fixture;
    redis_reply_free(ask_redis(door->redis.redis, "FLUSHALL"));
    run_sql(door->fixture->pg, "TRUNCATE exportd.dead, exportd.intake_try, exportd.queue,"
                               " exportd.flow RESTART IDENTITY");
    door->intake = (struct intake){
        .queue = QUEUE,
        .worker = "one",
        .lists = door->lists,
        .pg = door->fixture->pg,
        .redis = door->redis.redis,
    };
    return prepare(&fixture);
}

/* ---- Redis ---- */

static inline void push_bytes(const struct door *door, const char *key, const void *bytes,
                              size_t size)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, "LPUSH");
    redis_add_text(&command, key);
    redis_add(&command, bytes, size);
    redis_reply_free(call_redis(door->redis.redis, &command));
}

static inline void push_text(const struct door *door, const char *key, const char *message)
{
    push_bytes(door, key, message, strlen(message));
}

static inline void push_job(const struct door *door, const char *key, int64_t id)
{
    char message[64];
    (void)snprintf(message, sizeof(message), "{\"data_export_id\": %" PRId64 "}", id);
    push_text(door, key, message);
}

static inline int64_t length_of(const struct door *door, const char *key)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, "LLEN");
    redis_add_text(&command, key);
    struct redis_reply *reply = call_redis(door->redis.redis, &command);
    int64_t length = redis_int(reply);
    redis_reply_free(reply);
    return length;
}

static inline void expect_no_keys(const struct door *door)
{
    struct redis_reply *reply = ask_redis(door->redis.redis, "DBSIZE");
    assert_int_equal(redis_int(reply), 0);
    redis_reply_free(reply);
}

/* ---- the intake ---- */

static inline void lease(struct intake *intake)
{
    struct error error;
    bool ours = false;
    if (!intake_lease(intake, 30, &ours, &error))
        fail_msg("%s", error.message);
    assert_true(ours);
}

static inline int64_t round_of(struct intake *intake)
{
    struct error error;
    int64_t count = -1;
    if (!redis_connect(intake->redis, &error) || !intake_round(intake, &count, &error))
        fail_msg("%s", error.message);
    return count;
}

static inline void expect_state(const struct door *door, int64_t id, const char *state)
{
    char sql[128];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT coalesce((SELECT state FROM exportd.export"
                   " WHERE data_export_id = %" PRId64 "), 'none')",
                   id);
    expect_sql(door->fixture->pg, sql, state);
}

#define DOOR_TEST(function) cmocka_unit_test_setup(function, prepare_door)

#endif
