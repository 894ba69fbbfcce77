/* SPDX-License-Identifier: Apache-2.0 */
/* Error answers of Redis, by a scripted server, and their error codes. The system tests use a real
   server. */
#include "client/redis.h"

#include "base/text.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A server for one connection. It answers `first`, if set, to the first command, `answer` to PING,
   EVALSHA and EVAL, and OK to all others. */
struct server {
    char folder[64];
    char url[128];
    int listener;
    const char *first, *answer;
    pthread_t thread;
};

/* The number on a line such as "*3" or "$12". */
static bool read_number(FILE *stream, char mark, long *number)
{
    char line[64];
    if (fgets(line, sizeof(line), stream) == NULL || line[0] != mark)
        return false;
    *number = strtol(line + 1, NULL, 10);
    return true;
}

/* Reads a command, which is an array of strings, and returns its first word. False at the end. */
static bool read_command(FILE *stream, char word[32])
{
    long count = 0;
    if (!read_number(stream, '*', &count))
        return false;
    for (long i = 0; i < count; i++) {
        long size = 0;
        char text[8192];
        if (!read_number(stream, '$', &size) || size < 0 || size > (long)sizeof(text) - 3 ||
            fread(text, 1, (size_t)size + 2, stream) != (size_t)size + 2)
            return false;
        if (i == 0)
            (void)snprintf(word, 32, "%.*s", (int)size, text);
    }
    return true;
}

static void *serve(void *argument)
{
    const struct server *server = argument;
    char word[32];
    int fd = accept(server->listener, NULL, NULL);
    FILE *stream = fdopen(fd, "r+");
    assert_non_null(stream);
    for (bool first = true; read_command(stream, word); first = false) {
        bool scripted = text_equal(word, "PING") || text_starts_with(word, "EVAL");
        const char *answer = scripted ? server->answer : "+OK";
        if (first && server->first != NULL)
            answer = server->first;
        (void)fseek(stream, 0, SEEK_CUR);
        if (fprintf(stream, "%s\r\n", answer) < 0 || fflush(stream) != 0)
            break;
    }
    (void)fclose(stream);
    return NULL;
}

static void start(struct server *server, const char *first, const char *answer)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *server = (struct server){.first = first, .answer = answer};
    (void)snprintf(server->folder, sizeof(server->folder), "/tmp/exportd-redis-XXXXXX");
    assert_non_null(mkdtemp(server->folder));
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", server->folder);
    (void)snprintf(server->url, sizeof(server->url), "unix://%s/s", server->folder);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server->listener, 4), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void end(struct server *server)
{
    char path[100];
    (void)pthread_join(server->thread, NULL);
    (void)close(server->listener);
    (void)snprintf(path, sizeof(path), "%s/s", server->folder);
    (void)unlink(path);
    (void)rmdir(server->folder);
}

/* The error code of an error answer, and whether the connection is kept. */
static void expect(const char *answer, enum error_code code, const char *message, bool kept)
{
    struct server server;
    struct error error;
    struct redis_reply *reply = NULL;
    struct redis_command ping = {.count = 0};
    start(&server, NULL, answer);
    struct redis *redis = redis_new(server.url, "test");
    assert_true(redis_connect(redis, &error));
    redis_add_text(&ping, "PING");
    assert_false(redis_call(redis, &ping, 0, &reply, &error));
    assert_null(reply);
    assert_int_equal(error.code, code);
    assert_string_equal(error.message, message);
    assert_true(kept == redis_append(redis, &ping, &error));
    redis_free(redis);
    end(&server);
}

static void test_servers_that_start_fail_over_or_are_full_are_away(void **state)
{
    (void)state;
    static const char *const words[] = {"LOADING",     "READONLY", "MASTERDOWN",  "UNBLOCKED",
                                        "MISCONF",     "OOM",      "NOREPLICAS",  "BUSY",
                                        "CLUSTERDOWN", "TRYAGAIN", "NOMASTERLINK"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        char answer[128];
        char message[128];
        (void)snprintf(answer, sizeof(answer), "-%s something about it", words[i]);
        (void)snprintf(message, sizeof(message), "Redis answers %s", words[i]);
        expect(answer, ERROR_AWAY, message, false);
    }
}

static void test_an_error_within_a_script_of_redis_6(void **state)
{
    (void)state;
    expect("-ERR Error running script (call to f_0123456789): @user_script:5: @user_script: 5: "
           "-OOM command not allowed when used memory > 'maxmemory'.",
           ERROR_AWAY, "Redis answers OOM", false);
    expect("-ERR Error running script (call to f_0123456789): @user_script:5: @user_script: 5: "
           "-READONLY You can't write against a read only replica.",
           ERROR_AWAY, "Redis answers READONLY", false);
    expect("-ERR Error running script (call to f_01): @user_script:1: -WRONGTYPE Operation",
           ERROR_QUERY,
           "Redis answers ERR Error running script (call to f_01): @user_script:1: -WRONGTYPE "
           "Operation",
           true);
}

static void test_refusals(void **state)
{
    (void)state;
    expect("-NOPERM this user has no permissions to run the 'eval' command", ERROR_DENIED,
           "Redis answers NOPERM to PING: this user has no permissions to run the 'eval' command",
           true);
    expect("-NOAUTH Authentication required.", ERROR_DENIED, "Redis answers NOAUTH", true);
    expect("-ERR unknown command 'PING'", ERROR_QUERY, "Redis answers ERR unknown command 'PING'",
           true);
}

/* The message names the command and its first key, so that an operator can grant the right. */
static void test_a_refusal_names_command_and_key(void **state)
{
    (void)state;
    static const struct redis_script script = {.text = "return 1", .keys = 2};
    struct server server;
    struct error error;
    struct redis_reply *reply = NULL;
    struct redis_command words = {.count = 0};
    start(&server, NULL, "-NOPERM No permissions to access a key");
    struct redis *redis = redis_new(server.url, "test");
    assert_true(redis_connect(redis, &error));
    redis_add_text(&words, "PING");
    redis_add_text(&words, "data_export");
    assert_false(redis_call(redis, &words, 0, &reply, &error));
    assert_string_equal(error.message,
                        "Redis answers NOPERM to PING data_export: No permissions to access a key");
    words.count = 0;
    redis_add_text(&words, "a");
    redis_add_text(&words, "b");
    assert_false(redis_eval(redis, &script, &words, &reply, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    assert_string_equal(error.message,
                        "Redis answers NOPERM to EVALSHA a and 1 more: No permissions to access a "
                        "key (`exportd check` tells which)");
    redis_free(redis);
    end(&server);
}

static void test_refusals_within_a_script(void **state)
{
    (void)state;
    expect("-ERR Error running script (call to f_01): @user_script:1: @user_script: 1: "
           "-NOPERM this user has no permissions to run the 'ltrim' command",
           ERROR_DENIED,
           "Redis answers NOPERM to PING: this user has no permissions to run the 'ltrim' command",
           true);
    expect("-ERR The user executing the script can't run this command or subcommand script: 0123",
           ERROR_DENIED,
           "Redis answers NOPERM to PING: The user executing the script can't run this command or "
           "subcommand",
           true);
}

/* The answer to the first command, whatever it is; then the server hangs up. */
static void test_too_many_clients(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    start(&server, "-ERR max number of clients reached", "+PONG");
    struct redis *redis = redis_new(server.url, "test");
    assert_false(redis_connect(redis, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    redis_free(redis);
    end(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers_that_start_fail_over_or_are_full_are_away),
        cmocka_unit_test(test_an_error_within_a_script_of_redis_6),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_a_refusal_names_command_and_key),
        cmocka_unit_test(test_refusals_within_a_script),
        cmocka_unit_test(test_too_many_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
