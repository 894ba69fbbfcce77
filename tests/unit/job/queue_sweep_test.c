/* SPDX-License-Identifier: Apache-2.0 */
/* What the sweep asks of Redis: which exports have a message, whose turn it is, what was missed
   before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/queue_find.h"
#include "redis_server.h"

static void put(struct server *server, const char *command, int64_t id)
{
    char words[256];
    (void)snprintf(words, sizeof(words), "%s {\"data_export_id\":%" PRId64 "}", command, id);
    redis_reply_free(ask(server, words));
}

static struct id_set *find(struct server *server, bool everywhere)
{
    struct error error;
    struct id_set *ids = NULL;
    if (!queue_find_ids(server->queue, server->redis, everywhere, &ids, &error))
        fail_msg("%s", error.message);
    return ids;
}

/* Each id of a place of its own; 1 to 8 are where messages wait to be served. */
static void test_every_place_is_looked_at(void **state)
{
    struct server *server = *state;
    put(server, "LPUSH " NAME, 1);
    put(server,
        "LPUSH " NAME "\x06\x16"
        "3",
        2);
    put(server,
        "LPUSH " NAME "\x06\x16"
        "6",
        3);
    put(server,
        "LPUSH " NAME "\x06\x16"
        "9",
        4);
    put(server, "LPUSH " KEY "processing:one", 5);
    put(server, "LPUSH " KEY "processing:nobody", 6);
    put(server, "ZADD " KEY "delayed 1", 7);
    put(server, "ZADD " KEY "delayed 9999999999999", 8);
    put(server, "XADD " KEY "dead * reason r worker w message", 9);
    redis_reply_free(
        ask(server, "HSET unacked tag [{\"data_export_id\":10},\"exchange\",\"key\"]"));
    struct id_set *alive = find(server, false);
    struct id_set *all = find(server, true);
    for (int64_t id = 0; id <= 11; id++) {
        assert_true(id_set_has(alive, id) == (id >= 1 && id <= 8));
        assert_true(id_set_has(all, id) == (id >= 1 && id <= 10));
    }
    id_set_free(alive);
    id_set_free(all);
}

static void test_many_messages_in_each_place(void **state)
{
    struct server *server = *state;
    for (int64_t id = 1; id <= 1000; id++) {
        put(server, "LPUSH " NAME, id);
        put(server, "ZADD " KEY "delayed 1", 1000 + id);
        put(server, "XADD " KEY "dead * message", 2000 + id);
    }
    struct id_set *all = find(server, true);
    for (int64_t id = 1; id <= 3000; id++)
        assert_true(id_set_has(all, id));
    assert_false(id_set_has(all, 3001));
    id_set_free(all);
}

static void test_what_cannot_be_read_leads_nowhere(void **state)
{
    struct server *server = *state;
    redis_reply_free(ask(server, "LPUSH " NAME " garbage {} [] {\"data_export_id\":0}"));
    redis_reply_free(ask(server, "HSET unacked a x b [] c [1] d {} e [{\"task\":\"other\"},1,2]"));
    put(server, "LPUSH " NAME, 7);
    struct id_set *all = find(server, true);
    assert_true(id_set_has(all, 7));
    assert_false(id_set_has(all, 0));
    id_set_free(all);
}

static void test_nothing_anywhere(void **state)
{
    struct id_set *all = find(*state, true);
    assert_false(id_set_has(all, 1));
    id_set_free(all);
}

static bool turn(struct server *server, struct queue *queue, int64_t interval_ms)
{
    struct error error;
    bool ours = false;
    assert_true(queue_sweep_turn(queue, server->redis, interval_ms, &ours, &error));
    return ours;
}

static void test_one_sweep_an_interval(void **state)
{
    struct server *server = *state;
    assert_true(turn(server, server->queue, DAY));
    assert_false(turn(server, server->queue, DAY));
    assert_false(turn(server, server->other, DAY));
    clock_sleep_ms(60);
    assert_true(turn(server, server->other, 50));
    /* a clock that has jumped back stops nobody */
    redis_reply_free(ask(server, "SET " KEY "swept 99999999999999"));
    assert_true(turn(server, server->queue, DAY));
}

static void expect_late(struct server *server, int64_t interval_ms, const char *names,
                        const char *expected)
{
    struct error error;
    struct buffer buffer;
    json_t *late = NULL;
    buffer_init(&buffer, 1024);
    assert_true(buffer_append_text(&buffer, names, &error));
    assert_true(
        queue_sweep_note(server->queue, server->redis, interval_ms, &buffer, &late, &error));
    char *text = json_dumps(late, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(late);
    buffer_free(&buffer);
}

static void test_missed_twice_an_interval_apart(void **state)
{
    struct server *server = *state;
    assert_true(turn(server, server->queue, 50));
    expect_late(server, 50, "1:0 2:3 ", "[]");
    expect_late(server, 50, "1:0 2:3 ", "[]"); /* still the same sweep */
    clock_sleep_ms(60);
    assert_true(turn(server, server->other, 50));
    expect_late(server, 50, "1:0 2:4 3:0 ", "[\"1:0\"]"); /* 2 was claimed meanwhile */
    clock_sleep_ms(60);
    assert_true(turn(server, server->queue, 50));
    expect_late(server, 50, "2:4 3:0 ", "[\"2:4\",\"3:0\"]");
    assert_int_equal(ask_int(server, "HLEN " KEY "missing"), 2); /* 1 is forgotten */
    expect_late(server, 50, "", "[]");
    expect_empty(server, KEY "missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_place_is_looked_at),
        TEST(test_many_messages_in_each_place),
        TEST(test_what_cannot_be_read_leads_nowhere),
        TEST(test_nothing_anywhere),
        TEST(test_one_sweep_an_interval),
        TEST(test_missed_twice_an_interval_apart),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
