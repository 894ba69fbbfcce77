/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator sees of the queue: the dead list and the numbers, against a real Redis of the
   test's own. */
#include "queue_fixture.h"

static void test_dead_list(void **state)
{
    struct server *server = *state;
    struct error error;
    bury(server, "first", "not valid JSON");
    bury(server, "second", "another task");
    json_t *page = dead_list(server, "", 1);
    assert_int_equal(json_array_size(page), 1);
    assert_string_equal(dead_text(page, 0, "message"), "first");
    assert_string_equal(dead_text(page, 0, "reason"), "not valid JSON");
    assert_int_equal(strlen(dead_text(page, 0, "date_added")), 27);
    json_t *rest = dead_list(server, dead_text(page, 0, "id"), 10);
    assert_int_equal(json_array_size(rest), 1);
    assert_string_equal(dead_text(rest, 0, "message"), "second");
    assert_true(queue_dead_drop(server->queue, server->redis, dead_text(page, 0, "id"), &error));
    assert_false(queue_dead_drop(server->queue, server->redis, dead_text(page, 0, "id"), &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_true(queue_dead_retry(server->queue, server->redis, dead_text(rest, 0, "id"), &error));
    assert_false(queue_dead_retry(server->queue, server->redis, dead_text(rest, 0, "id"), &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_int_equal(ask_int(server, "XLEN " KEY "dead"), 0);
    EXPECT_LIST(server, NAME, "second");
    json_decref(page);
    json_decref(rest);
}

static void test_wrong_entries(void **state)
{
    struct server *server = *state;
    static const char *const wrong[] = {"", "-", "+", "x", "1", "1-", "-1", "1-1-1", "(1-1", "0-0"};
    struct error error;
    bury(server, "a", "reason");
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        assert_false(queue_dead_retry(server->queue, server->redis, wrong[i], &error));
        assert_int_equal(error.code, ERROR_NOT_FOUND);
        assert_false(queue_dead_drop(server->queue, server->redis, wrong[i], &error));
        assert_int_equal(error.code, ERROR_NOT_FOUND);
    }
    assert_int_equal(ask_int(server, "XLEN " KEY "dead"), 1);
}

static void test_long_dead_message_is_cut(void **state)
{
    struct server *server = *state;
    char message[5000];
    memset(message, 'x', sizeof(message) - 1);
    message[sizeof(message) - 1] = '\0';
    bury(server, message, "too long");
    json_t *entries = dead_list(server, "", 10);
    assert_int_equal(strlen(dead_text(entries, 0, "message")), 2000);
    json_decref(entries);
}

static void test_stats(void **state)
{
    struct server *server = *state;
    struct error error;
    struct queue_stats stats;
    assert_true(queue_stats(server->queue, server->redis, &stats, &error));
    assert_int_equal(stats.waiting + stats.processing + stats.delayed + stats.dead, 0);
    assert_int_equal(stats.workers, 0);
    assert_false(stats.paused);
    bury(server, "d", "dead");
    push(server, "a");
    push(server, "b");
    take_and_forget(server, "a");
    redis_reply_free(ask(server, "LPUSH " NAME "\x06\x16"
                                 "6 x y z"));
    redis_reply_free(ask(server, "LPUSH " KEY "processing:ghost p q"));
    redis_reply_free(ask(server, "ZADD " KEY "delayed 1 e 2 f 3 g 4 h"));
    assert_true(queue_pause(server->queue, server->redis, &error));
    assert_true(queue_stats(server->other, server->redis, &stats, &error)); /* its first look */
    assert_int_equal(stats.waiting, 4);
    assert_int_equal(stats.by_step[0], 1);
    assert_int_equal(stats.by_step[1], 0);
    assert_int_equal(stats.by_step[2], 3);
    assert_int_equal(stats.by_step[3], 0);
    assert_int_equal(stats.processing, 3);
    assert_int_equal(stats.delayed, 4);
    assert_int_equal(stats.dead, 1);
    assert_int_equal(stats.workers, 1);
    assert_true(stats.paused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dead_list),
        TEST(test_wrong_entries),
        TEST(test_long_dead_message_is_cut),
        TEST(test_stats),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
