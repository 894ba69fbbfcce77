/* SPDX-License-Identifier: Apache-2.0 */
/* Several requests in flight by one client. */
#include "http_fixture.h"

/* A request on each of three connections. */
static void begin_three(struct http_client *http, struct http_transfer *transfers[3])
{
    static const char *const paths[] = {"/0", "/1", "/2"};
    for (int i = 0; i < 3; i++)
        transfers[i] = begin_well(http, &(struct http_request){.path = paths[i]});
}

static void expect_path(struct http_transfer *transfer, const char *path)
{
    struct http_answer answer;
    struct error error;
    if (!http_finish(transfer, &answer, &error))
        fail_msg("%s: %s", path, error.message);
    assert_string_equal(answer.body.data, path);
    http_answer_free(&answer);
}

/* The server answers when it has all three requests. */
static void test_they_overlap(void **state)
{
    (void)state;
    static const struct step steps[] = {{ECHO, ""}, {0}};
    struct server server;
    struct http_transfer *transfers[3];
    server_start_together(&server, steps, 3);
    struct http_client *http = client_of(server.url);
    for (int round = 1; round <= 3; round++) {
        begin_three(http, transfers);
        expect_path(transfers[1], "/1"); /* in any order */
        expect_path(transfers[0], "/0");
        expect_path(transfers[2], "/2");
        assert_int_equal(server.requests, 3 * round);
        assert_int_equal(server.connections, 3); /* kept */
    }
    http_client_free(http);
    server_stop(&server);
}

static void test_connections_are_kept_per_host(void **state)
{
    (void)state;
    static const struct step steps[] = {{ECHO, ""}, {0}};
    struct server servers[2];
    char url[200];
    for (int i = 0; i < 2; i++)
        server_start_tcp(&servers[i], steps);
    struct http_client *http = client_of(servers[0].url);
    (void)snprintf(url, sizeof(url), "%s/there?x=y", servers[1].url);
    for (int i = 0; i < 3; i++) {
        expect_path(begin_well(http, &(struct http_request){.path = "/here"}), "/here");
        expect_path(begin_well(http, &(struct http_request){.path = url}), "/there?x=y");
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(servers[i].requests, 3);
        assert_int_equal(servers[i].connections, 1);
    }
    http_client_free(http);
    for (int i = 0; i < 2; i++)
        server_stop(&servers[i]);
}

static void test_another_server_than_the_socket(void **state)
{
    (void)state;
    static const struct step steps[] = {{ECHO, ""}, {0}};
    struct server local;
    struct server far;
    char url[200];
    server_start_unix(&local, steps);
    server_start_tcp(&far, steps);
    struct http_client *http = client_of(local.url);
    (void)snprintf(url, sizeof(url), "%s/far", far.url);
    expect_path(begin_well(http, &(struct http_request){.path = url}), "/far");
    expect_path(begin_well(http, &(struct http_request){.path = "/local"}), "/local");
    assert_int_equal(far.requests, 1);
    assert_int_equal(local.requests, 1);
    http_client_free(http);
    server_stop(&far);
    server_stop(&local);
    assert_int_equal(unlink(local.url + strlen("unix://")), 0);
}

static void test_silence_is_waited_for_once(void **state)
{
    (void)state;
    static const struct step steps[] = {{HANG, ""}, {0}};
    struct server server;
    struct http_transfer *transfers[3];
    struct http_answer answer;
    struct error error;
    server_start_together(&server, steps, 3);
    struct http_client *http = client_of(server.url);
    begin_three(http, transfers);
    int64_t before = clock_monotonic_ms();
    for (int i = 0; i < 3; i++) {
        assert_false(http_finish(transfers[i], &answer, &error));
        assert_int_equal(error.code, ERROR_ANSWER);
        assert_int_equal(answer.body.size, 0);
    }
    assert_in_range(clock_monotonic_ms() - before, 500, 1700); /* 600 ms each, at the same time */
    http_client_free(http);
    server_stop(&server);
}

static struct http_client *hasty_client_of(const char *url)
{
    return client_with(&(struct http_options){
        .url = url, .connect_ms = 300, .answer_ms = 600, .answer_max = 1000, .tries = 1});
}

static int connect_by_hand(const struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int handle = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(handle >= 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(connect(handle, (struct sockaddr *)&address, size), 0);
    return handle;
}

/* One connection keeps the server busy, and one fills its queue. The next is not accepted. */
static void block(struct server *server, int sockets[2])
{
    sockets[0] = connect_by_hand(server);
    while (server->connections == 0)
        clock_sleep_ms(1);
    assert_int_equal(listen(server->listener, 0), 0);
    sockets[1] = connect_by_hand(server);
}

/* The server accepts connections again while the caller does something else. */
static void test_connecting_while_the_caller_is_busy(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer;
    struct error error;
    int sockets[2];
    server_start_tcp(&server, steps);
    block(&server, sockets);
    struct http_client *http = hasty_client_of(server.url);
    struct http_transfer *transfer = begin_well(http, &question);
    for (int i = 0; i < 2; i++)
        assert_int_equal(close(sockets[i]), 0);
    clock_sleep_ms(600); /* more than connect_ms */
    if (!http_finish(transfer, &answer, &error))
        fail_msg("%s", error.message);
    assert_int_equal(server.requests, 1);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

/* The server does not speak TLS, so connecting never ends. */
static void test_connecting_has_a_limit(void **state)
{
    (void)state;
    static const struct step steps[] = {{READ_NOTHING, ""}, {0}};
    struct server server;
    struct http_answer answer;
    struct error error;
    char url[200];
    server_start_tcp(&server, steps);
    (void)snprintf(url, sizeof(url), "https%s", server.url + strlen("http"));
    struct http_client *http = hasty_client_of(url);
    struct http_transfer *transfer = begin_well(http, &question);
    clock_sleep_ms(600);
    int64_t before = clock_monotonic_ms();
    assert_false(http_finish(transfer, &answer, &error));
    assert_in_range(clock_monotonic_ms() - before, 250, 580); /* 300 ms once, not twice */
    assert_int_equal(error.code, ERROR_AWAY);
    assert_string_equal(error.message, "cannot reach the HTTP server: Timeout was reached");
    http_client_free(http);
    server_stop(&server);
}

static void *interrupt_soon(void *http)
{
    clock_sleep_ms(100);
    http_client_interrupt(http);
    return NULL;
}

static void test_interrupt(void **state)
{
    (void)state;
    static const struct step steps[] = {{HANG, ""}, {0}};
    struct server server;
    struct http_transfer *transfers[3];
    struct http_answer answer = {.status = 0};
    struct error error;
    pthread_t thread;
    server_start_together(&server, steps, 3);
    struct http_client *http = patient_client_of(server.url);
    int64_t before = clock_monotonic_ms();
    begin_three(http, transfers);
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, http), 0);
    for (int i = 0; i < 3; i++) {
        assert_false(http_finish(transfers[i], &answer, &error));
        assert_int_equal(error.code, ERROR_STOPPED);
    }
    assert_true(clock_monotonic_ms() - before < 1000);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(ask(http, &answer, &error)); /* until http_client_resume */
    assert_int_equal(error.code, ERROR_STOPPED);
    http_client_free(http);
    server_stop(&server);
}

static void test_abandon(void **state)
{
    (void)state;
    static const struct step steps[] = {{HANG, ""}, {ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    struct error error;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    http_abandon(NULL);
    struct http_transfer *transfer = begin_well(http, &question);
    assert_true(http_send(transfer, &error));
    http_abandon(transfer);
    assert_false(http_finish(NULL, &answer, &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
    ask_well(http, &question, &answer);
    assert_string_equal(answer.body.data, "{}");
    assert_int_equal(server.connections, 2);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

static void test_client_ends_with_requests_in_flight(void **state)
{
    (void)state;
    static const struct step steps[] = {{HANG, ""}, {0}};
    struct server server;
    struct http_transfer *transfers[3];
    server_start_together(&server, steps, 3);
    struct http_client *http = client_of(server.url);
    begin_three(http, transfers);
    http_client_free(http);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_they_overlap),
        cmocka_unit_test(test_connections_are_kept_per_host),
        cmocka_unit_test(test_another_server_than_the_socket),
        cmocka_unit_test(test_silence_is_waited_for_once),
        cmocka_unit_test(test_connecting_while_the_caller_is_busy),
        cmocka_unit_test(test_connecting_has_a_limit),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_abandon),
        cmocka_unit_test(test_client_ends_with_requests_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
