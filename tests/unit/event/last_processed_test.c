/* SPDX-License-Identifier: Apache-2.0 */
#include "event/last_processed.h"

#include "base/clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 5000 };

struct server {
    char folder[64];
    char socket[96];
    pid_t pid;
    struct redis *redis;
    struct arena *arena;
};

static void run_server(const struct server *server)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    (void)execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", server->socket,
                 "--save", "", "--appendonly", "no", "--dir", server->folder, (char *)NULL);
    _exit(127);
}

static int start(void **state)
{
    static struct server server = {.folder = "/tmp/exportd-last-XXXXXX"};
    struct error error;
    char url[128];
    assert_non_null(mkdtemp(server.folder));
    (void)snprintf(server.socket, sizeof(server.socket), "%s/redis.sock", server.folder);
    (void)snprintf(url, sizeof(url), "unix://%s", server.socket);
    server.pid = fork();
    assert_true(server.pid >= 0);
    if (server.pid == 0)
        run_server(&server);
    server.redis = redis_new(url, "test");
    server.arena = arena_new((size_t)1024 * 1024);
    assert_true(server.redis != NULL && server.arena != NULL);
    int64_t deadline = clock_monotonic_ms() + 10000;
    while (!redis_connect(server.redis, &error)) {
        if (clock_monotonic_ms() > deadline)
            fail_msg("%s", error.message);
        clock_sleep_ms(20);
    }
    *state = &server;
    return 0;
}

static int stop(void **state)
{
    struct server *server = *state;
    redis_free(server->redis);
    arena_free(server->arena);
    (void)kill(server->pid, SIGKILL);
    (void)waitpid(server->pid, NULL, 0);
    (void)unlink(server->socket);
    return rmdir(server->folder);
}

static void record(struct server *server, const struct last_processed *list, size_t count)
{
    struct error error;
    if (!last_processed_record(server->redis, list, count, &error))
        fail_msg("%s", error.message);
}

static void fetch(struct server *server, struct last_processed *list, size_t count)
{
    struct error error;
    if (!last_processed_fetch(server->redis, list, count, server->arena, &error))
        fail_msg("%s", error.message);
}

static void assert_field(struct server *server, const char *key, const char *field,
                         const char *expected)
{
    struct error error;
    struct redis_reply *reply = NULL;
    struct redis_command command = {.count = 0};
    redis_add_text(&command, "HGET");
    redis_add_text(&command, key);
    redis_add_text(&command, field);
    assert_true(redis_call(server->redis, &command, 0, &reply, &error));
    assert_string_equal(redis_text(reply, NULL), expected);
    redis_reply_free(reply);
}

static void test_in_the_order_asked(void **state)
{
    const struct last_processed event[] = {{1, 5, "event"}};
    struct last_processed asked[] = {{1, 5, NULL}, {1, -1, NULL}, {2, 5, "stale"}, {1, 5, NULL}};
    record(*state, event, 1);
    fetch(*state, asked, 4);
    assert_string_equal(asked[0].event_id, "event");
    assert_null(asked[1].event_id);
    assert_null(asked[2].event_id);
    assert_string_equal(asked[3].event_id, "event");
}

/* The remainder is never negative. */
static void test_keys(void **state)
{
    const struct last_processed events[] = {
        {7, 16, "a"}, {7, 17, "b"}, {7, -1, "c"}, {7, -16, "d"}, {7, INT64_MIN + 1, "e"}};
    record(*state, events, 5);
    assert_field(*state, "last-processed-event:7:0", "16", "a");
    assert_field(*state, "last-processed-event:7:1", "17", "b");
    assert_field(*state, "last-processed-event:7:15", "-1", "c");
    assert_field(*state, "last-processed-event:7:0", "-16", "d");
    assert_field(*state, "last-processed-event:7:1", "-9223372036854775807", "e");
}

static void test_the_last_one_counts(void **state)
{
    const struct last_processed events[] = {{8, 1, "first"}, {8, 1, "second"}};
    struct last_processed asked = {8, 1, NULL};
    record(*state, events, 2);
    fetch(*state, &asked, 1);
    assert_string_equal(asked.event_id, "second");
}

static void test_many_at_once(void **state)
{
    static struct last_processed list[MANY];
    static char ids[MANY][16];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "event %d", i);
        list[i] = (struct last_processed){9, i, ids[i]};
    }
    record(*state, list, MANY);
    for (int i = 0; i < MANY; i++)
        list[i].event_id = NULL;
    fetch(*state, list, MANY);
    for (int i = 0; i < MANY; i++)
        assert_string_equal(list[i].event_id, ids[i]);
    record(*state, list, 0);
    fetch(*state, list, 0);
}

/* After an error answer in the middle, the next call does not get the answers that are left. */
static void test_an_error_answer(void **state)
{
    struct server *server = *state;
    struct error error;
    struct redis_reply *reply = NULL;
    struct redis_command command = {.count = 0};
    redis_add_text(&command, "SET");
    redis_add_text(&command, "last-processed-event:10:2");
    redis_add_text(&command, "no hash");
    assert_true(redis_call(server->redis, &command, 0, &reply, &error));
    redis_reply_free(reply);
    const struct last_processed events[] = {{10, 1, "a"}, {10, 2, "b"}, {10, 3, "c"}};
    assert_false(last_processed_record(server->redis, events, 3, &error));
    assert_int_equal(error.code, ERROR_QUERY);
    struct last_processed asked = {10, 1, NULL};
    fetch(server, &asked, 1);
    assert_string_equal(asked.event_id, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_the_order_asked),  cmocka_unit_test(test_keys),
        cmocka_unit_test(test_the_last_one_counts), cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_an_error_answer),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
