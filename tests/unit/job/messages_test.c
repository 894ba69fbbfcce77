/* SPDX-License-Identifier: Apache-2.0 */
/* Which exports have a message in Redis. Over a private Redis. */
#include "job/messages.h"

#include "intake_fixture.h"

static void expect_ids(const struct door *door, const int64_t *expected, size_t count)
{
    struct error error;
    struct message_ids ids;
    if (!messages_find(door->lists, door->redis.redis, &ids, &error))
        fail_msg("%s", error.message);
    assert_int_equal(ids.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ids.items[i], expected[i]);
        assert_true(message_ids_has(&ids, expected[i]));
        assert_false(message_ids_has(&ids, expected[i] + 1000));
    }
    message_ids_free(&ids);
}

static void keep_unacked(const struct door *door, const char *tag, const char *value)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, "HSET");
    redis_add_text(&command, "unacked");
    redis_add_text(&command, tag);
    redis_add_text(&command, value);
    redis_reply_free(call_redis(door->redis.redis, &command));
}

static void test_no_messages(void **state)
{
    const struct message_ids none = {.count = 0};
    assert_false(message_ids_has(&none, 0));
    expect_ids(*state, NULL, 0);
}

static void test_lists_and_unacked(void **state)
{
    const struct door *door = *state;
    push_job(door, QUEUE, 5);
    push_text(door, QUEUE, "garbage");
    push_job(door,
             QUEUE "\x06\x16"
                   "9",
             1);
    push_job(door, OURS "0", 4);
    push_job(door, OURS "9", 3);
    push_job(door, "exportd:{other}:intake:0", 6);
    keep_unacked(door, "ours", "[{\"data_export_id\": 2}, \"exchange\", \"key\"]");
    keep_unacked(door, "string", "[\"x\"]");
    keep_unacked(door, "garbage", "[");
    expect_ids(door, (const int64_t[]){1, 2, 3, 4, 5}, 5);
}

static void test_many(void **state)
{
    const struct door *door = *state;
    int64_t expected[300];
    char tag[32];
    char value[64];
    for (int64_t i = 0; i < 300; i++) {
        expected[i] = i + 1;
        if (i % 2 == 0) {
            push_job(door, QUEUE, i + 1);
            continue;
        }
        (void)snprintf(tag, sizeof(tag), "%" PRId64, i);
        (void)snprintf(value, sizeof(value), "[{\"data_export_id\": %" PRId64 "}]", i + 1);
        keep_unacked(door, tag, value);
    }
    expect_ids(door, expected, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOOR_TEST(test_no_messages),
        DOOR_TEST(test_lists_and_unacked),
        DOOR_TEST(test_many),
    };
    return cmocka_run_group_tests(tests, start_door, stop_door);
}
