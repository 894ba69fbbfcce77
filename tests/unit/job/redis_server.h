/* SPDX-License-Identifier: Apache-2.0 */
/* A private Redis for a test: on a Unix socket in a temporary folder; and the queue of two workers
 * on it. */
#ifndef TEST_REDIS_SERVER_H
#define TEST_REDIS_SERVER_H

#include "base/clock.h"
#include "base/text.h"
#include "job/queue.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "data_export"
#define KEY  "exportd:{" NAME "}:"
#define DAY  INT64_C(86400000)

struct server {
    char folder[64];
    char url[128];
    pid_t pid;
    struct redis *redis;
    struct queue *queue; /* of the worker "one" */
    struct queue *other; /* of the worker "two" */
};

/* ---- the server ---- */

static void run_redis_server(const char *folder)
{
    char path[128];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    (void)snprintf(path, sizeof(path), "%s/redis.sock", folder);
    (void)execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path, "--save", "",
                 "--appendonly", "no", "--dir", folder, (char *)NULL);
    _exit(127);
}

static int start(void **state)
{
    struct error error;
    static struct server server;
    assert_true(text_copy(server.folder, sizeof(server.folder), "/tmp/exportd-queue-XXXXXX"));
    assert_non_null(mkdtemp(server.folder));
    server.pid = fork();
    assert_true(server.pid >= 0);
    if (server.pid == 0)
        run_redis_server(server.folder);
    (void)snprintf(server.url, sizeof(server.url), "unix://%s/redis.sock", server.folder);
    server.redis = redis_new(server.url);
    assert_non_null(server.redis);
    *state = &server;
    int64_t deadline = clock_monotonic_ms() + 10000;
    while (!redis_connect(server.redis, &error)) {
        if (clock_monotonic_ms() > deadline)
            fail_msg("%s", error.message);
        clock_sleep_ms(20);
    }
    return 0;
}

static int stop(void **state)
{
    struct server *server = *state;
    char path[128];
    redis_free(server->redis);
    (void)kill(server->pid, SIGKILL);
    (void)waitpid(server->pid, NULL, 0);
    (void)snprintf(path, sizeof(path), "%s/redis.sock", server->folder);
    (void)unlink(path);
    return rmdir(server->folder);
}

/* ---- talking to it beside the queue ---- */

/* A command whose words are separated by spaces. */
static struct redis_reply *ask(struct server *server, const char *words)
{
    struct error error;
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    char copy[512];
    char *rest = copy;
    assert_true(text_copy(copy, sizeof(copy), words));
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " "))
        redis_add_text(&command, word);
    if (!redis_call(server->redis, &command, 0, &reply, &error))
        fail_msg("%s: %s", words, error.message);
    return reply;
}

static int64_t ask_int(struct server *server, const char *words)
{
    struct redis_reply *reply = ask(server, words);
    int64_t number = redis_int(reply);
    redis_reply_free(reply);
    return number;
}

static inline void expect_empty(struct server *server, const char *key)
{
    char words[256];
    (void)snprintf(words, sizeof(words), "EXISTS %s", key);
    assert_int_equal(ask_int(server, words), 0);
}

static int prepare(void **state)
{
    struct server *server = *state;
    redis_reply_free(ask(server, "FLUSHALL"));
    server->queue = queue_new(NAME, "one");
    server->other = queue_new(NAME, "two");
    assert_non_null(server->queue);
    assert_non_null(server->other);
    return 0;
}

static int tidy(void **state)
{
    struct server *server = *state;
    queue_free(server->queue);
    queue_free(server->other);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

#endif
