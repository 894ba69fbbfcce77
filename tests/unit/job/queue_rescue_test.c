/* SPDX-License-Identifier: Apache-2.0 */
/* Messages come back: the delayed ones, and those of workers that died, against a real Redis of the
   test's own. */
#include "queue_fixture.h"

/* ---- the delayed set ---- */

static int64_t promote(struct server *server)
{
    struct error error;
    int64_t count = -1;
    assert_true(queue_promote(server->queue, server->redis, &count, &error));
    return count;
}

static void test_delay_and_promote(void **state)
{
    struct server *server = *state;
    struct error error;
    bool left = false;
    push(server, "soon");
    push(server, "later");
    struct job_ticket *soon = take(server, "soon");
    struct job_ticket *later = take(server, "later");
    assert_true(queue_delay(server->queue, server->redis, later, DAY, &left, &error));
    assert_true(left);
    assert_true(queue_delay(server->queue, server->redis, soon, 150, &left, &error));
    assert_true(left);
    expect_empty(server, KEY "processing:one");
    assert_int_equal(promote(server), 0);
    clock_sleep_ms(200);
    assert_int_equal(promote(server), 1);
    EXPECT_LIST(server, NAME, "soon");
    assert_int_equal(ask_int(server, "ZCARD " KEY "delayed"), 1);
    job_ticket_free(soon);
    job_ticket_free(later);
}

static void test_promoted_first_is_served_first(void **state)
{
    struct server *server = *state;
    push(server, "new");
    redis_reply_free(ask(server, "ZADD " KEY "delayed 1000 b 500 a 2000 c"));
    assert_int_equal(promote(server), 3);
    EXPECT_LIST(server, NAME, "new", "c", "b", "a");
}

static void test_promote_is_bounded(void **state)
{
    struct server *server = *state;
    for (int i = 0; i < 1001; i++) {
        char words[64];
        (void)snprintf(words, sizeof(words), "ZADD " KEY "delayed %d m%d", i, i);
        redis_reply_free(ask(server, words));
    }
    assert_int_equal(promote(server), 1000);
    assert_int_equal(promote(server), 1);
    assert_int_equal(promote(server), 0);
    assert_int_equal(ask_int(server, "LLEN " NAME), 1001);
}

/* Equal messages are one job: one place in the set, at the earlier moment. */
static void test_equal_messages_delayed(void **state)
{
    struct server *server = *state;
    struct error error;
    bool left = false;
    push(server, "a");
    push(server, "a");
    struct job_ticket *first = take(server, "a");
    struct job_ticket *second = take(server, "a");
    assert_true(queue_delay(server->queue, server->redis, first, 0, &left, &error));
    assert_true(queue_delay(server->queue, server->redis, second, DAY, &left, &error));
    assert_true(left);
    expect_empty(server, KEY "processing:one");
    clock_sleep_ms(5);
    assert_int_equal(promote(server), 1);
    expect_empty(server, KEY "delayed");
    job_ticket_free(first);
    job_ticket_free(second);
}

/* ---- what a worker holds no more ---- */

static void test_return_stranded(void **state)
{
    struct server *server = *state;
    struct error error;
    int64_t count = -1;
    const struct job_ticket *held[2];
    push(server, "a");
    push(server, "b");
    push(server, "b");
    push(server, "c");
    struct job_ticket *a = take(server, "a");
    struct job_ticket *b = take(server, "b");
    take_and_forget(server, "b");
    take_and_forget(server, "c");
    held[0] = a;
    held[1] = b;
    assert_true(queue_return_stranded(server->queue, server->redis, held, 2, &count, &error));
    assert_int_equal(count, 2);
    EXPECT_LIST(server, KEY "processing:one", "b", "a");
    EXPECT_LIST(server, NAME, "c", "b");
    assert_true(queue_return_stranded(server->queue, server->redis, held, 2, &count, &error));
    assert_int_equal(count, 0);
    job_ticket_free(a);
    job_ticket_free(b);
}

/* ---- rescue ---- */

static int64_t rescue(struct server *server, const char *worker, int64_t lease_ms)
{
    struct error error;
    int64_t count = -2;
    assert_true(queue_rescue(server->other, server->redis, worker, lease_ms, &count, &error));
    return count;
}

static void expect_silent(struct server *server, struct queue *queue, int64_t lease_ms,
                          const char *expected)
{
    struct error error;
    json_t *workers = NULL;
    if (!queue_silent_workers(queue, server->redis, lease_ms, &workers, &error))
        fail_msg("%s", error.message);
    assert_int_equal(json_array_size(workers), expected == NULL ? 0 : 1);
    if (expected != NULL)
        assert_string_equal(json_string_value(json_array_get(workers, 0)), expected);
    json_decref(workers);
}

static void test_rescue(void **state)
{
    struct server *server = *state;
    struct error error;
    push(server, "a");
    push(server, "b");
    push(server, "c");
    take_and_forget(server, "a");
    take_and_forget(server, "b");
    expect_silent(server, server->other, 100, NULL);
    assert_int_equal(rescue(server, "one", 100), -1);
    EXPECT_LIST(server, KEY "processing:one", "b", "a");
    clock_sleep_ms(150);
    assert_true(queue_beat(server->other, server->redis, &error));
    expect_silent(server, server->other, 100, "one");
    assert_int_equal(rescue(server, "one", 100), 2);
    EXPECT_LIST(server, NAME, "c", "b", "a");
    expect_empty(server, KEY "processing:one");
    assert_int_equal(ask_int(server, "ZCARD " KEY "workers"), 1);
    assert_int_equal(rescue(server, "one", 100), 0);
    assert_int_equal(ask_int(server, "HLEN " KEY "crashes"), 2);
}

/* After somebody has rescued the message, no way of leaving may change or copy anything. */
static void test_rescued_message_cannot_leave(void **state)
{
    struct server *server = *state;
    struct error error;
    bool left = true;
    push(server, "a");
    struct job_ticket *ticket = take(server, "a");
    assert_int_equal(rescue(server, "one", 0), 1);
    assert_true(queue_acknowledge(server->queue, server->redis, ticket, &left, &error));
    assert_false(left);
    left = true;
    assert_true(queue_give_back(server->queue, server->redis, ticket, &left, &error));
    assert_false(left);
    left = true;
    assert_true(queue_delay(server->queue, server->redis, ticket, 0, &left, &error));
    assert_false(left);
    left = true;
    assert_true(queue_bury(server->queue, server->redis, ticket, "no", &left, &error));
    assert_false(left);
    job_ticket_free(ticket);
    EXPECT_LIST(server, NAME, "a");
    expect_empty(server, KEY "delayed");
    expect_empty(server, KEY "dead");
    assert_int_equal(ask_int(server, "HLEN " KEY "crashes"), 1);
}

static void test_beat_revokes_rescue(void **state)
{
    struct server *server = *state;
    struct error error;
    push(server, "a");
    take_and_forget(server, "a");
    clock_sleep_ms(60);
    assert_true(queue_beat(server->queue, server->redis, &error));
    assert_int_equal(rescue(server, "one", 50), -1);
    EXPECT_LIST(server, KEY "processing:one", "a");
}

/* A list of a worker that nobody knows is found, whatever is in the queue's name; so is none of a
   queue whose name it would match as a pattern. */
static void test_unregistered_list(void **state)
{
    struct server *server = *state;
    struct error error;
    int64_t count = 0;
    struct queue *odd = queue_new("a[b]*?\\c", "me");
    assert_non_null(odd);
    redis_reply_free(ask(server, "LPUSH exportd:{a[b]*?\\c}:processing:ghost m"));
    redis_reply_free(ask(server, "LPUSH exportd:{abxyz\\c}:processing:stranger m"));
    assert_true(queue_beat(odd, server->redis, &error));
    expect_silent(server, odd, DAY, "ghost");
    expect_silent(server, odd, DAY, NULL); /* looked for once a lease */
    assert_true(queue_rescue(odd, server->redis, "ghost", DAY, &count, &error));
    assert_int_equal(count, 1);
    EXPECT_LIST(server, "a[b]*?\\c", "m");
    queue_free(odd);
}

/* How often the key space was walked, in steps. */
static int64_t walked(struct server *server)
{
    struct redis_reply *reply = ask(server, "INFO commandstats");
    const char *at = strstr(redis_text(reply, NULL), "cmdstat_scan:calls=");
    int64_t calls = at == NULL ? 0 : strtoll(strchr(at, '=') + 1, NULL, 10);
    redis_reply_free(reply);
    return calls;
}

/* A message that comes into the list of a worker that has gone is found by the worker's name: the
   keys of a big server are walked at the first look only. */
static void test_list_of_a_former_worker(void **state)
{
    struct server *server = *state;
    struct error error;
    int64_t count = 0;
    assert_true(queue_beat(server->other, server->redis, &error));
    assert_true(queue_unregister(server->other, server->redis, &error));
    expect_silent(server, server->queue, 1, NULL);
    int64_t before = walked(server);
    assert_true(before > 0);
    redis_reply_free(ask(server, "LPUSH " KEY "processing:two m"));
    clock_sleep_ms(5);
    expect_silent(server, server->queue, 1, "two");
    assert_true(queue_rescue(server->queue, server->redis, "two", 1, &count, &error));
    assert_int_equal(count, 1);
    EXPECT_LIST(server, NAME, "m");
    assert_int_equal(walked(server), before);
}

/* A full server takes no notes: it is walked again until it does. */
static void test_lists_of_a_full_server(void **state)
{
    struct server *server = *state;
    struct error error;
    struct queue_stats stats;
    redis_reply_free(ask(server, "LPUSH " KEY "processing:ghost m"));
    redis_reply_free(ask(server, "CONFIG SET maxmemory 1"));
    assert_true(queue_stats(server->queue, server->redis, &stats, &error));
    assert_int_equal(stats.processing, 1);
    assert_true(queue_stats(server->queue, server->redis, &stats, &error));
    assert_int_equal(stats.processing, 1);
    redis_reply_free(ask(server, "CONFIG SET maxmemory 0"));
    int64_t before = walked(server);
    expect_silent(server, server->queue, DAY, "ghost");
    assert_true(walked(server) > before);
    assert_int_equal(ask_int(server, "ZCARD " KEY "known"), 1);
}

/* After a day, unless there is still something in its list. */
static void test_former_workers_are_forgotten(void **state)
{
    struct server *server = *state;
    redis_reply_free(ask(server, "ZADD " KEY "known 1000 old 1001 full"));
    redis_reply_free(ask(server, "LPUSH " KEY "processing:full m"));
    expect_silent(server, server->queue, DAY, "full");
    assert_int_equal(ask_int(server, "ZCARD " KEY "known"), 1);
    redis_reply_free(ask(server, "DEL " KEY "processing:full"));
    expect_silent(server, server->other, DAY, NULL);
    assert_int_equal(ask_int(server, "ZCARD " KEY "known"), 0);
}

static void test_killer_is_buried(void **state)
{
    struct server *server = *state;
    push(server, "killer");
    for (int i = 1; i <= 11; i++) { /* the eleventh time is the last try */
        take_and_forget(server, "killer");
        assert_int_equal(rescue(server, "one", 0), 1);
        assert_int_equal(ask_int(server, "LLEN " NAME), i < 11 ? 1 : 0);
    }
    json_t *entries = dead_list(server, "", 10);
    assert_int_equal(json_array_size(entries), 1);
    assert_string_equal(dead_text(entries, 0, "message"), "killer");
    assert_string_equal(dead_text(entries, 0, "worker"), "one");
    assert_string_equal(dead_text(entries, 0, "reason"),
                        "11 workers died while they held this message");
    json_decref(entries);
    expect_empty(server, KEY "crashes");
}

static void test_acknowledge_forgets_crashes(void **state)
{
    struct server *server = *state;
    struct error error;
    bool left = false;
    push(server, "a");
    take_and_forget(server, "a");
    assert_int_equal(rescue(server, "one", 0), 1);
    assert_int_equal(ask_int(server, "HLEN " KEY "crashes"), 1);
    struct job_ticket *ticket = take(server, "a");
    assert_true(queue_acknowledge(server->queue, server->redis, ticket, &left, &error));
    job_ticket_free(ticket);
    expect_empty(server, KEY "crashes");
}

/* Who takes it hears of the dead; a claim forgets them. */
static void test_claim_forgets_crashes(void **state)
{
    struct server *server = *state;
    struct error error;
    push(server, "a");
    take_and_forget(server, "a");
    assert_int_equal(rescue(server, "one", 0), 1);
    take_and_forget(server, "a");
    assert_int_equal(rescue(server, "one", 0), 1);
    struct job_ticket *ticket = take(server, "a");
    assert_int_equal(ticket->crashes, 2);
    assert_true(queue_claimed(server->queue, server->redis, ticket, &error));
    expect_empty(server, KEY "crashes");
    EXPECT_LIST(server, KEY "processing:one", "a");
    job_ticket_free(ticket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_delay_and_promote),
        TEST(test_promoted_first_is_served_first),
        TEST(test_promote_is_bounded),
        TEST(test_equal_messages_delayed),
        TEST(test_return_stranded),
        TEST(test_rescue),
        TEST(test_rescued_message_cannot_leave),
        TEST(test_beat_revokes_rescue),
        TEST(test_unregistered_list),
        TEST(test_list_of_a_former_worker),
        TEST(test_lists_of_a_full_server),
        TEST(test_former_workers_are_forgotten),
        TEST(test_killer_is_buried),
        TEST(test_acknowledge_forgets_crashes),
        TEST(test_claim_forgets_crashes),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
