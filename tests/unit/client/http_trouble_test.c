/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client with servers that are away, silent, slow or broken. */
#include "http_fixture.h"

/* Sends a request to a server that plays one step. It must end within two seconds; returns its
   error code. */
static enum error_code fate(enum manner manner, const char *text)
{
    const struct step steps[] = {{manner, text}, {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    struct error error;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    int64_t before = clock_monotonic_ms();
    bool done = ask(http, &answer, &error);
    assert_true(clock_monotonic_ms() - before < 2000);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
    return done ? ERROR_NONE : error.code;
}

static void test_server_that_always_closes(void **state)
{
    (void)state;
    static const struct step steps[] = {{CLOSE, OK}, {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    for (int i = 0; i < 100; i++)
        ask_well(http, &question, &answer);
    assert_true(server.connections >= 100);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

static void test_no_server(void **state)
{
    (void)state;
    struct http_answer answer = {.status = 0};
    struct error error;
    struct http_client *http = client_of("http://127.0.0.1:1");
    int64_t before = clock_monotonic_ms();
    assert_false(ask(http, &answer, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_string_equal(error.message, "cannot reach the HTTP server: Connection refused");
    assert_in_range(clock_monotonic_ms() - before, 190, 2000); /* a pause and a second try */
    http_answer_free(&answer);
    http_client_free(http);
    http = client_of("unix:///tmp/no/such/socket");
    assert_false(ask(http, &answer, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    http_client_free(http);
}

static void test_comes_back_by_itself(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"}, {ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    struct error error;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    assert_false(ask(http, &answer, &error));
    assert_int_equal(error.code, ERROR_ANSWER); /* cut */
    ask_well(http, &question, &answer);
    assert_string_equal(answer.body.data, "{}");
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

static void test_bad_servers(void **state)
{
    (void)state;
    /* silence; single bytes; half an answer; no answer; another protocol */
    assert_int_equal(fate(HANG, ""), ERROR_ANSWER);
    assert_int_equal(fate(DRIP, OK), ERROR_ANSWER);
    assert_int_equal(fate(HANG, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"), ERROR_ANSWER);
    assert_int_equal(fate(CLOSE, ""), ERROR_ANSWER);
    assert_int_equal(fate(CLOSE, "HTTP/1.1 200 OK\r\n"), ERROR_ANSWER);
    assert_int_equal(fate(CLOSE, "220 mail.example.org ESMTP\r\n"), ERROR_ANSWER);
    assert_int_equal(fate(HANG, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), ERROR_NONE);
}

static void test_floods(void **state)
{
    (void)state;
    assert_int_equal(fate(FLOOD, ""), ERROR_ANSWER);
    assert_int_equal(fate(FLOOD, "HTTP/1.1 200 OK\r\nX: "), ERROR_ANSWER);
    assert_int_equal(fate(FLOOD, "HTTP/1.1 200 OK\r\n\r\n"), ERROR_TOO_LARGE);
}

/* Returns an answer without a body whose header has `lines` additional lines. */
static enum error_code fate_of_header(size_t lines)
{
    struct buffer text;
    struct error error;
    buffer_init(&text, 1 << 20);
    assert_true(buffer_append_text(&text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", &error));
    for (size_t i = 0; i < lines; i++)
        assert_true(buffer_append_text(&text, "X-Line: some thirty characters\r\n", &error));
    assert_true(buffer_append_text(&text, "\r\n", &error));
    enum error_code code = fate(ANSWER, text.data);
    buffer_free(&text);
    return code;
}

static void test_long_headers(void **state)
{
    (void)state;
    assert_int_equal(fate_of_header(1000), ERROR_NONE);
    assert_int_equal(fate_of_header(3000), ERROR_ANSWER);
}

static void test_server_that_does_not_read(void **state)
{
    (void)state;
    static const struct step steps[] = {{READ_NOTHING, ""}, {0}};
    enum { SIZE = 30000000 };
    char *body = malloc(SIZE);
    assert_non_null(body);
    memset(body, 'b', SIZE);
    struct server server;
    struct error error;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    struct http_request request = question;
    request.body = body;
    request.size = SIZE;
    struct http_transfer *transfer = begin_well(http, &request);
    assert_false(http_send(transfer, &error));
    assert_int_equal(error.code, ERROR_ANSWER);
    http_client_free(http);
    server_stop(&server);
    free(body);
}

static void test_time_limit_of_one_request(void **state)
{
    (void)state;
    static const struct step steps[] = {{HANG, ""}, {0}};
    struct server server;
    struct http_answer answer;
    struct error error;
    server_start_tcp(&server, steps);
    struct http_client *http = patient_client_of(server.url);
    const struct http_request request = {.path = "/", .answer_ms = 200};
    assert_false(http_ask(http, &request, &answer, &error));
    assert_int_equal(error.code, ERROR_ANSWER);
    assert_string_equal(error.message, "no whole answer from the HTTP server within 200 ms");
    http_client_free(http);
    server_stop(&server);
}

/* Asserts that a request with a total_ms of 300 ends then, though its client waits for minutes. */
static void assert_over(const char *url)
{
    struct http_answer answer;
    struct error error;
    struct http_client *http = client_with(&(struct http_options){
        .url = url, .connect_ms = 60000, .answer_ms = 60000, .answer_max = 1000, .tries = 20});
    const struct http_request request = {.path = "/", .total_ms = 300};
    int64_t before = clock_monotonic_ms();
    assert_false(http_ask(http, &request, &answer, &error));
    assert_in_range(clock_monotonic_ms() - before, 290, 1000);
    assert_int_equal(error.code, ERROR_TIMEOUT);
    assert_string_equal(error.message, "the HTTP server has not answered within 300 ms in all");
    http_client_free(http);
}

static void test_time_limit_in_all(void **state)
{
    (void)state;
    static const struct step steps[] = {{HANG, ""}, {DRIP, OK}, {ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    struct http_request request = question;
    server_start_tcp(&server, steps);
    assert_over(server.url);
    assert_over(server.url);
    assert_over("http://127.0.0.1:1"); /* tries to connect */
    request.total_ms = 5000;
    struct http_client *http = client_of(server.url);
    ask_well(http, &request, &answer);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

static void test_answer_beyond_the_bound(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n123456"}, {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    struct error error;
    server_start_tcp(&server, steps);
    struct http_client *http = client_with(&(struct http_options){
        .url = server.url, .connect_ms = 2000, .answer_ms = 2000, .answer_max = 5, .tries = 1});
    assert_false(ask(http, &answer, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    assert_string_equal(error.message, "an HTTP answer of more than 5 bytes");
    http_client_free(http);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_that_always_closes),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_comes_back_by_itself),
        cmocka_unit_test(test_bad_servers),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_long_headers),
        cmocka_unit_test(test_server_that_does_not_read),
        cmocka_unit_test(test_time_limit_of_one_request),
        cmocka_unit_test(test_time_limit_in_all),
        cmocka_unit_test(test_answer_beyond_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
