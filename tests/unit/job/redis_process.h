/* SPDX-License-Identifier: Apache-2.0 */
/* A private Redis for a test: on a Unix socket in a temporary folder. */
#ifndef TEST_REDIS_PROCESS_H
#define TEST_REDIS_PROCESS_H

#include "base/clock.h"
#include "base/text.h"
#include "client/redis.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct redis_process {
    char folder[64];
    char url[128];
    pid_t pid;
    struct redis *redis; /* a connection */
};

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

static void redis_process_start(struct redis_process *process)
{
    struct error error;
    assert_true(text_copy(process->folder, sizeof(process->folder), "/tmp/exportd-redis-XXXXXX"));
    assert_non_null(mkdtemp(process->folder));
    process->pid = fork();
    assert_true(process->pid >= 0);
    if (process->pid == 0)
        run_redis_server(process->folder);
    (void)snprintf(process->url, sizeof(process->url), "unix://%s/redis.sock", process->folder);
    process->redis = redis_new(process->url, "test");
    assert_non_null(process->redis);
    int64_t deadline = clock_monotonic_ms() + 10000;
    while (!redis_connect(process->redis, &error)) {
        if (clock_monotonic_ms() > deadline)
            fail_msg("%s", error.message);
        clock_sleep_ms(20);
    }
}

static int redis_process_stop(struct redis_process *process)
{
    char path[128];
    redis_free(process->redis);
    (void)kill(process->pid, SIGKILL);
    (void)waitpid(process->pid, NULL, 0);
    (void)snprintf(path, sizeof(path), "%s/redis.sock", process->folder);
    (void)unlink(path);
    return rmdir(process->folder);
}

static struct redis_reply *call_redis(struct redis *redis, const struct redis_command *command)
{
    struct error error;
    struct redis_reply *reply = NULL;
    if (!redis_connect(redis, &error) || !redis_call(redis, command, 0, &reply, &error))
        fail_msg("%s: %s", command->values[0], error.message);
    return reply;
}

/* Calls a command whose words are separated by spaces. */
static struct redis_reply *ask_redis(struct redis *redis, const char *words)
{
    struct redis_command command = {.count = 0};
    char copy[512];
    char *rest = copy;
    assert_true(text_copy(copy, sizeof(copy), words));
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " "))
        redis_add_text(&command, word);
    return call_redis(redis, &command);
}

#endif
