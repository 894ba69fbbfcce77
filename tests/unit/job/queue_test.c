/* SPDX-License-Identifier: Apache-2.0 */
/* Messages come into the queue and leave it, against a real Redis of the test's own. */
#include "queue_fixture.h"

/* ---- taking ---- */

static void test_order_of_steps(void **state)
{
    struct server *server = *state;
    static const char *const order[] = {"a", "b", "three", "six", "nine"};
    static const int steps[] = {0, 0, 3, 6, 9};
    redis_reply_free(ask(server, "LPUSH " NAME "\x06\x16"
                                 "9 nine"));
    redis_reply_free(ask(server, "LPUSH " NAME "\x06\x16"
                                 "6 six"));
    redis_reply_free(ask(server, "LPUSH " NAME "\x06\x16"
                                 "3 three"));
    push(server, "a");
    push(server, "b");
    for (size_t i = 0; i < ARRAY_LENGTH(order); i++) {
        struct job_ticket *ticket = take(server, order[i]);
        assert_int_equal(ticket->step, steps[i]);
        job_ticket_free(ticket);
    }
    EXPECT_LIST(server, KEY "processing:one", "nine", "six", "three", "b", "a");
    assert_int_equal(ask_int(server, "ZCARD " KEY "workers"), 1);
}

static void test_nothing_to_take(void **state)
{
    struct server *server = *state;
    int64_t began = clock_monotonic_ms();
    assert_null(take_as(server, server->queue));
    assert_in_range(clock_monotonic_ms() - began, 900, 5000);
}

/* A message that arrives during the wait is there at once, not after it. */
static void test_wait_ends_with_a_message(void **state)
{
    struct server *server = *state;
    pid_t pusher = fork();
    assert_true(pusher >= 0);
    if (pusher == 0) {
        struct error error;
        struct redis *redis = redis_new(server->url);
        clock_sleep_ms(200);
        bool pushed =
            redis_connect(redis, &error) && queue_push(server->queue, redis, "late", 4, &error);
        _exit(pushed ? 0 : 1);
    }
    int64_t began = clock_monotonic_ms();
    take_and_forget(server, "late");
    assert_in_range(clock_monotonic_ms() - began, 100, 900);
    int status = -1;
    assert_int_equal(waitpid(pusher, &status, 0), pusher);
    assert_int_equal(status, 0);
    EXPECT_LIST(server, KEY "processing:one", "late");
}

static void test_paused(void **state)
{
    struct server *server = *state;
    struct error error;
    struct job_ticket *ticket = NULL;
    bool paused = false;
    push(server, "a");
    assert_true(queue_pause(server->queue, server->redis, &error));
    assert_true(queue_take(server->queue, server->redis, 1000, &ticket, &paused, &error));
    assert_true(paused);
    assert_null(ticket);
    EXPECT_LIST(server, NAME, "a");
    assert_true(queue_resume(server->queue, server->redis, &error));
    take_and_forget(server, "a");
}

static void test_binary_message(void **state)
{
    struct server *server = *state;
    struct error error;
    static const char bytes[] = "\x80\x02\x00\xff\r\n%s{}\x00tail";
    const size_t size = sizeof(bytes) - 1;
    bool left = false;
    assert_true(queue_push(server->queue, server->redis, bytes, size, &error));
    struct job_ticket *ticket = take_as(server, server->queue);
    assert_non_null(ticket);
    assert_int_equal(ticket->size, size);
    assert_memory_equal(ticket->message, bytes, size);
    assert_true(queue_bury(server->queue, server->redis, ticket, "garbage", &left, &error));
    assert_true(left);
    job_ticket_free(ticket);
    json_t *entries = dead_list(server, "", 10);
    assert_int_equal(json_array_size(entries), 1);
    assert_string_equal(dead_text(entries, 0, "message"),
                        "\xef\xbf\xbd\x02\xef\xbf\xbd\r\n%s{}tail");
    assert_true(
        queue_dead_retry(server->queue, server->redis, dead_text(entries, 0, "id"), &error));
    json_decref(entries);
    ticket = take_as(server, server->queue);
    assert_non_null(ticket);
    assert_int_equal(ticket->size, size);
    assert_memory_equal(ticket->message, bytes, size);
    job_ticket_free(ticket);
}

static void test_empty_and_numeric_messages(void **state)
{
    struct server *server = *state;
    struct error error;
    bool left = false;
    push(server, "");
    push(server, "12345");
    struct job_ticket *empty = take(server, "");
    struct job_ticket *number = take(server, "12345");
    assert_true(queue_acknowledge(server->queue, server->redis, number, &left, &error));
    assert_true(left);
    assert_true(queue_acknowledge(server->queue, server->redis, empty, &left, &error));
    assert_true(left);
    expect_empty(server, KEY "processing:one");
    job_ticket_free(empty);
    job_ticket_free(number);
}

/* ---- leaving ---- */

static void test_acknowledge_once(void **state)
{
    struct server *server = *state;
    struct error error;
    bool left = false;
    push(server, "a");
    struct job_ticket *ticket = take(server, "a");
    assert_true(queue_acknowledge(server->queue, server->redis, ticket, &left, &error));
    assert_true(left);
    assert_true(queue_acknowledge(server->queue, server->redis, ticket, &left, &error));
    assert_false(left);
    job_ticket_free(ticket);
    expect_empty(server, KEY "processing:one");
    expect_empty(server, NAME);
}

static void test_give_back_to_its_list(void **state)
{
    struct server *server = *state;
    struct error error;
    bool left = false;
    redis_reply_free(ask(server, "LPUSH " NAME "\x06\x16"
                                 "3 first second"));
    struct job_ticket *ticket = take(server, "first");
    assert_true(queue_give_back(server->queue, server->redis, ticket, &left, &error));
    assert_true(left);
    EXPECT_LIST(server,
                NAME "\x06\x16"
                     "3",
                "second", "first");
    job_ticket_free(ticket);
}

static void test_unregister(void **state)
{
    struct server *server = *state;
    struct error error;
    bool left = false;
    push(server, "a");
    struct job_ticket *ticket = take(server, "a");
    assert_true(queue_unregister(server->queue, server->redis, &error));
    assert_int_equal(ask_int(server, "ZCARD " KEY "workers"), 1);
    assert_true(queue_acknowledge(server->queue, server->redis, ticket, &left, &error));
    assert_true(queue_unregister(server->queue, server->redis, &error));
    expect_empty(server, KEY "workers");
    job_ticket_free(ticket);
}

static void test_push_does_not_double(void **state)
{
    struct server *server = *state;
    struct error error;
    assert_true(queue_push(server->queue, server->redis, "a", 1, &error));
    assert_true(queue_push(server->queue, server->redis, "b", 1, &error));
    assert_true(queue_push(server->queue, server->redis, "a", 1, &error));
    EXPECT_LIST(server, NAME, "b", "a");
}

/* ---- the whole ---- */

/* A connection that was closed while nobody used it costs no failure. */
static void test_idle_connection_is_closed(void **state)
{
    struct server *server = *state;
    struct error error;
    struct redis *idle = redis_new(server->url);
    assert_non_null(idle);
    assert_true(redis_connect(idle, &error));
    redis_reply_free(ask(server, "CLIENT KILL TYPE normal SKIPME yes"));
    assert_true(redis_connect(idle, &error));
    if (!queue_beat(server->queue, idle, &error))
        fail_msg("%s", error.message);
    assert_true(redis_connected_ms(idle) < 5000);
    redis_free(idle);
}

/* A restarted server has forgotten the scripts: they are sent again. */
static void test_forgotten_scripts(void **state)
{
    struct server *server = *state;
    push(server, "a");
    push(server, "b");
    take_and_forget(server, "a");
    redis_reply_free(ask(server, "SCRIPT FLUSH"));
    take_and_forget(server, "b");
}

static void test_no_key_expires(void **state)
{
    struct server *server = *state;
    struct error error;
    bool left = false;
    bury(server, "d", "dead");
    push(server, "a");
    push(server, "b");
    take_and_forget(server, "a");
    struct job_ticket *ticket = take(server, "b");
    assert_true(queue_delay(server->queue, server->redis, ticket, DAY, &left, &error));
    job_ticket_free(ticket);
    assert_true(queue_pause(server->queue, server->redis, &error));
    struct redis_reply *keys = ask(server, "KEYS *");
    assert_int_equal(redis_count(keys), 5);
    for (size_t i = 0; i < redis_count(keys); i++) {
        char words[256];
        (void)snprintf(words, sizeof(words), "TTL %s", redis_text(redis_item(keys, i), NULL));
        assert_int_equal(ask_int(server, words), -1);
    }
    redis_reply_free(keys);
}

static void test_worker_names(void **state)
{
    (void)state;
    char a[QUEUE_WORKER_MAX];
    char b[QUEUE_WORKER_MAX];
    queue_worker_name(a);
    queue_worker_name(b);
    assert_string_not_equal(a, b);
    const char *random = strrchr(a, ':');
    assert_non_null(random);
    assert_int_equal(strspn(random + 1, "0123456789abcdef"), 8);
    assert_int_equal(strlen(random + 1), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order_of_steps),
        TEST(test_nothing_to_take),
        TEST(test_wait_ends_with_a_message),
        TEST(test_paused),
        TEST(test_binary_message),
        TEST(test_empty_and_numeric_messages),
        TEST(test_acknowledge_once),
        TEST(test_give_back_to_its_list),
        TEST(test_unregister),
        TEST(test_push_does_not_double),
        TEST(test_idle_connection_is_closed),
        TEST(test_forgotten_scripts),
        TEST(test_no_key_expires),
        TEST(test_worker_names),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
