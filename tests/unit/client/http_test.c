/* HTTP over a scripted server: what is sent, how a connection is kept, and how a server's silence,
   slowness and nonsense end. */
#include "client/http.h"

#include "base/text.h"

#include "../http_server.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

static struct http *client_of(const char *url)
{
    struct http_options options = {
        .url = url, .connect_ms = 2000, .answer_ms = 600, .answer_max = 100000, .tries = 2};
    struct http *http = NULL;
    struct error error;
    if (!http_new(&options, &http, &error))
        fail_msg("%s", error.message);
    return http;
}

static const struct http_request question = {.path = "/query",
                                             .content_type = "application/json",
                                             .referer_or_null = "tagstore.test",
                                             .body = "{\"a\":1}",
                                             .size = 7};

static bool ask(struct http *http, struct http_answer *answer, struct error *error)
{
    *answer = (struct http_answer){.status = 0};
    return http_start(http, &question, error) && http_finish(http, answer, error);
}

static void ask_well(struct http *http, struct http_answer *answer)
{
    struct error error;
    if (!ask(http, answer, &error))
        fail_msg("%s", error.message);
}

/* One question to a server that plays `step`; how it ends, within two seconds. */
static enum error_code fate(enum manner manner, const char *text)
{
    const struct step steps[] = {{manner, text}, {0}};
    struct server server;
    struct http_answer answer;
    struct error error;
    server_start_tcp(&server, steps);
    struct http *http = client_of(server.url);
    int64_t before = clock_monotonic_ms();
    bool done = ask(http, &answer, &error);
    assert_true(clock_monotonic_ms() - before < 2000);
    http_free(http);
    server_stop(&server);
    return done ? ERROR_NONE : error.code;
}

static void test_request_and_answer(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer;
    server_start_tcp(&server, steps);
    char url[200];
    (void)snprintf(url, sizeof(url), "%s/prefix/", server.url);
    struct http *http = client_of(url);
    ask_well(http, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.content_type, "application/json");
    assert_int_equal(answer.size, 2);
    assert_string_equal(answer.body, "{}");
    assert_true(text_starts_with(server.seen.data, "POST /prefix/query HTTP/1.1\r\n"));
    assert_non_null(strstr(server.seen.data, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(server.seen.data, "\r\nReferer: tagstore.test\r\n"));
    assert_null(strstr(server.seen.data, "Expect"));
    assert_null(strstr(server.seen.data, "Accept-Encoding"));
    assert_string_equal(strstr(server.seen.data, "\r\n\r\n"), "\r\n\r\n{\"a\":1}");
    http_free(http);
    server_stop(&server);
}

static void test_statuses_are_answers(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {ANSWER, "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"},
        {ANSWER, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                 "Content-Length: 0\r\n\r\n"},
        {ANSWER, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                 "\r\n2\r\n{}\r\n0\r\n\r\n"},
        {0}};
    struct server server;
    struct http_answer answer;
    server_start_tcp(&server, steps);
    struct http *http = client_of(server.url);
    ask_well(http, &answer);
    assert_int_equal(answer.status, 503);
    assert_string_equal(answer.body, "busy");
    assert_string_equal(answer.content_type, "");
    ask_well(http, &answer);
    assert_int_equal(answer.status, 302); /* not followed */
    assert_int_equal(answer.size, 0);
    ask_well(http, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "{}");
    assert_int_equal(server.connections, 1);
    assert_int_equal(server.requests, 3);
    http_free(http);
    server_stop(&server);
}

static void test_connection_is_kept_and_replaced(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {ANSWER, OK}, {CLOSE, OK}, {ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer;
    server_start_tcp(&server, steps);
    struct http *http = client_of(server.url);
    for (int i = 0; i < 3; i++)
        ask_well(http, &answer);
    assert_int_equal(server.connections, 1);
    for (int i = 0; i < 20; i++) /* it closed, sooner or later than the next question */
        ask_well(http, &answer);
    assert_int_equal(server.connections, 2);
    http_free(http);
    server_stop(&server);
}

static void test_server_that_always_closes(void **state)
{
    (void)state;
    static const struct step steps[] = {{CLOSE, OK}, {0}};
    struct server server;
    struct http_answer answer;
    server_start_tcp(&server, steps);
    struct http *http = client_of(server.url);
    for (int i = 0; i < 100; i++)
        ask_well(http, &answer);
    assert_true(server.connections >= 100);
    http_free(http);
    server_stop(&server);
}

static void test_unix_socket(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer;
    server_start_unix(&server, steps);
    struct http *http = client_of(server.url);
    ask_well(http, &answer);
    assert_true(text_starts_with(server.seen.data, "POST /query HTTP/1.1\r\nHost: localhost\r\n"));
    http_free(http);
    server_stop(&server);
    assert_int_equal(unlink(server.url + strlen("unix://")), 0);
}

static void test_start_does_not_wait(void **state)
{
    (void)state;
    static const struct step steps[] = {{DRIP, OK}, {0}}; /* some 1.7 s */
    struct server server;
    struct http_answer answer;
    struct error error;
    server_start_tcp(&server, steps);
    struct http_options options = {
        .url = server.url, .connect_ms = 2000, .answer_ms = 1000, .answer_max = 1000, .tries = 1};
    struct http *http = NULL;
    assert_true(http_new(&options, &http, &error));
    int64_t before = clock_monotonic_ms();
    assert_true(http_start(http, &question, &error));
    assert_true(clock_monotonic_ms() - before < 500);
    while (server.requests == 0) /* it is asked although nobody waits yet */
        clock_sleep_ms(5);
    clock_sleep_ms(1200); /* more than answer_ms: what the caller does meanwhile does not count */
    assert_true(http_finish(http, &answer, &error));
    assert_string_equal(answer.body, "{}");
    http_free(http);
    server_stop(&server);
}

static void test_large_request(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {0}};
    enum { SIZE = 1100000 }; /* beyond a MiB libcurl would ask first: Expect */
    char *body = malloc(SIZE);
    assert_non_null(body);
    memset(body, 'b', SIZE);
    struct server server;
    struct http_answer answer;
    struct error error;
    server_start_tcp(&server, steps);
    struct http_options options = {
        .url = server.url, .connect_ms = 2000, .answer_ms = 60000, .answer_max = 1000, .tries = 1};
    struct http *http = NULL;
    assert_true(http_new(&options, &http, &error));
    struct http_request request = question;
    request.body = body;
    request.size = SIZE;
    assert_true(http_start(http, &request, &error));
    memset(body, 'c', SIZE); /* it was copied */
    assert_true(http_finish(http, &answer, &error));
    assert_int_equal(answer.status, 200);
    assert_null(strstr(server.seen.data, "Expect"));
    const char *arrived = strstr(server.seen.data, "\r\n\r\n") + 4;
    assert_int_equal(strspn(arrived, "b"), SIZE);
    http_free(http);
    server_stop(&server);
    free(body);
}

static void test_nobody_there(void **state)
{
    (void)state;
    struct http_answer answer;
    struct error error;
    struct http *http = client_of("http://127.0.0.1:1");
    int64_t before = clock_monotonic_ms();
    assert_false(ask(http, &answer, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_string_equal(error.message, "cannot reach the HTTP server: Connection refused");
    assert_in_range(clock_monotonic_ms() - before, 190, 2000); /* a pause, a second try */
    http_free(http);
    http = client_of("unix:///tmp/no/such/socket");
    assert_false(ask(http, &answer, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    http_free(http);
}

static void test_comes_back_by_itself(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"}, {ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer;
    struct error error;
    server_start_tcp(&server, steps);
    struct http *http = client_of(server.url);
    assert_false(ask(http, &answer, &error));
    assert_int_equal(error.code, ERROR_ANSWER); /* cut */
    ask_well(http, &answer);
    assert_string_equal(answer.body, "{}");
    http_free(http);
    server_stop(&server);
}

static void test_bad_servers(void **state)
{
    (void)state;
    /* never a word; a byte now and then; half an answer; no answer; another protocol */
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

/* An answer without a body whose header has `lines` lines more. */
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
    struct http *http = client_of(server.url);
    struct http_request request = question;
    request.body = body;
    request.size = SIZE;
    assert_false(http_start(http, &request, &error));
    assert_int_equal(error.code, ERROR_ANSWER);
    http_free(http);
    server_stop(&server);
    free(body);
}

static void *interrupt_soon(void *http)
{
    clock_sleep_ms(100);
    http_interrupt(http);
    return NULL;
}

static void test_interrupt(void **state)
{
    (void)state;
    static const struct step steps[] = {{HANG, ""}, {0}};
    struct server server;
    struct http_answer answer;
    struct error error;
    pthread_t thread;
    server_start_tcp(&server, steps);
    struct http_options options = {
        .url = server.url, .connect_ms = 2000, .answer_ms = 60000, .answer_max = 1000, .tries = 1};
    struct http *http = NULL;
    assert_true(http_new(&options, &http, &error));
    int64_t before = clock_monotonic_ms();
    assert_true(http_start(http, &question, &error));
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, http), 0);
    assert_false(http_finish(http, &answer, &error));
    assert_int_equal(error.code, ERROR_STOPPED);
    assert_true(clock_monotonic_ms() - before < 1000);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(http_start(http, &question, &error)); /* for good */
    assert_int_equal(error.code, ERROR_STOPPED);
    http_free(http);
    server_stop(&server);
}

static void test_abandon(void **state)
{
    (void)state;
    static const struct step steps[] = {{HANG, ""}, {ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer;
    struct error error;
    server_start_tcp(&server, steps);
    struct http *http = client_of(server.url);
    http_abandon(http);
    assert_true(http_start(http, &question, &error));
    assert_false(http_start(http, &question, &error)); /* one at a time */
    assert_int_equal(error.code, ERROR_INTERNAL);
    http_abandon(http);
    assert_false(http_finish(http, &answer, &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
    ask_well(http, &answer);
    assert_string_equal(answer.body, "{}");
    assert_int_equal(server.connections, 2);
    http_free(http);
    server_stop(&server);
}

static void refuse(const char *url)
{
    struct http_options options = {
        .url = url, .connect_ms = 1, .answer_ms = 1, .answer_max = 1, .tries = 1};
    struct http *http = NULL;
    struct error error;
    if (http_new(&options, &http, &error))
        fail_msg("taken: %s", url);
    assert_int_equal(error.code, ERROR_USAGE);
    assert_null(http);
}

static void test_wrong_urls(void **state)
{
    (void)state;
    static const char *const urls[] = {"",
                                       "localhost",
                                       "ftp://localhost",
                                       "file:///etc/passwd",
                                       "http://",
                                       "http://host:99999",
                                       "http://user@host",
                                       "http://user:password@host",
                                       "http://host/?a=b",
                                       "http://host/#a",
                                       "http://host/\r\nX: y",
                                       "unix://relative",
                                       "unix:///"};
    for (size_t i = 0; i < ARRAY_LENGTH(urls); i++)
        refuse(urls[i]);
}

static void test_headers_hold_one_line(void **state)
{
    (void)state;
    struct http *http = client_of("http://127.0.0.1:1");
    struct http_request request = question;
    struct error error;
    request.referer_or_null = "a\r\nX: y";
    assert_false(http_start(http, &request, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    request = question;
    request.path = "/query HTTP/1.1\r\n";
    assert_false(http_start(http, &request, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    http_free(http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_and_answer),
        cmocka_unit_test(test_statuses_are_answers),
        cmocka_unit_test(test_connection_is_kept_and_replaced),
        cmocka_unit_test(test_server_that_always_closes),
        cmocka_unit_test(test_unix_socket),
        cmocka_unit_test(test_start_does_not_wait),
        cmocka_unit_test(test_large_request),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_comes_back_by_itself),
        cmocka_unit_test(test_bad_servers),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_long_headers),
        cmocka_unit_test(test_server_that_does_not_read),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_abandon),
        cmocka_unit_test(test_wrong_urls),
        cmocka_unit_test(test_headers_hold_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
