/* The queue against a real Redis of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_server.h"

static void expect_list(struct server *server, const char *key, const char *const *messages,
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
static void push(struct server *server, const char *message)
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
static struct job_ticket *take_as(struct server *server, struct queue *queue)
{
    struct error error;
    struct job_ticket *ticket = NULL;
    bool paused = true;
    if (!queue_take(queue, server->redis, 1000, &ticket, &paused, &error))
        fail_msg("%s", error.message);
    assert_false(paused);
    return ticket;
}

static struct job_ticket *take(struct server *server, const char *expected)
{
    struct job_ticket *ticket = take_as(server, server->queue);
    assert_non_null(ticket);
    assert_string_equal(ticket->message, expected);
    return ticket;
}

static void take_and_forget(struct server *server, const char *expected)
{
    job_ticket_free(take(server, expected));
}

static int64_t promote(struct server *server)
{
    struct error error;
    int64_t count = -1;
    assert_true(queue_promote(server->queue, server->redis, &count, &error));
    return count;
}

static int64_t rescue(struct server *server, const char *worker, int64_t lease_ms)
{
    struct error error;
    int64_t count = -2;
    assert_true(queue_rescue(server->other, server->redis, worker, lease_ms, &count, &error));
    return count;
}

static json_t *dead_list(struct server *server, const char *after, int64_t max)
{
    struct error error;
    json_t *entries = NULL;
    assert_true(queue_dead_list(server->queue, server->redis, after, max, &entries, &error));
    return entries;
}

static const char *dead_text(const json_t *entries, size_t index, const char *name)
{
    const char *text = json_string_value(json_object_get(json_array_get(entries, index), name));
    assert_non_null(text);
    return text;
}

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

/* ---- the delayed set ---- */

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

/* ---- rescue ---- */

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

/* ---- the dead list, and the whole ---- */

static void bury(struct server *server, const char *message, const char *reason)
{
    struct error error;
    bool left = false;
    push(server, message);
    struct job_ticket *ticket = take(server, message);
    assert_true(queue_bury(server->queue, server->redis, ticket, reason, &left, &error));
    assert_true(left);
    job_ticket_free(ticket);
}

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

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

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
        TEST(test_rescued_message_cannot_leave),
        TEST(test_unregister),
        TEST(test_push_does_not_double),
        TEST(test_return_stranded),
        TEST(test_delay_and_promote),
        TEST(test_promoted_first_is_served_first),
        TEST(test_promote_is_bounded),
        TEST(test_equal_messages_delayed),
        TEST(test_rescue),
        TEST(test_beat_revokes_rescue),
        TEST(test_unregistered_list),
        TEST(test_list_of_a_former_worker),
        TEST(test_lists_of_a_full_server),
        TEST(test_former_workers_are_forgotten),
        TEST(test_killer_is_buried),
        TEST(test_acknowledge_forgets_crashes),
        TEST(test_claim_forgets_crashes),
        TEST(test_dead_list),
        TEST(test_wrong_entries),
        TEST(test_long_dead_message_is_cut),
        TEST(test_stats),
        TEST(test_idle_connection_is_closed),
        TEST(test_forgotten_scripts),
        TEST(test_no_key_expires),
        TEST(test_worker_names),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
