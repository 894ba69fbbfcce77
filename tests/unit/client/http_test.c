/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client with a scripted server: requests, answers, kept connections, and refused
   requests. Covers http.c, http_request.c and http_answer.c. */
#include "http_fixture.h"

static void test_request_and_answer(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    server_start_tcp(&server, steps);
    char url[200];
    (void)snprintf(url, sizeof(url), "%s/prefix/", server.url);
    struct http_client *http = client_of(url);
    ask_well(http, &question, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(http_answer_header(&answer, "Content-Type"), "application/json");
    assert_int_equal(answer.body.size, 2);
    assert_string_equal(answer.body.data, "{}");
    assert_true(text_starts_with(server.seen.data, "POST /prefix/query HTTP/1.1\r\n"));
    assert_non_null(strstr(server.seen.data, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(server.seen.data, "\r\nReferer: tagstore.test\r\n"));
    assert_null(strstr(server.seen.data, "Expect"));
    assert_null(strstr(server.seen.data, "Accept-Encoding"));
    assert_string_equal(strstr(server.seen.data, "\r\n\r\n"), "\r\n\r\n{\"a\":1}");
    http_answer_free(&answer);
    http_client_free(http);
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
    struct http_answer answer = {.status = 0};
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    ask_well(http, &question, &answer);
    assert_int_equal(answer.status, 503);
    assert_string_equal(answer.body.data, "busy");
    assert_null(http_answer_header(&answer, "Content-Type"));
    ask_well(http, &question, &answer);
    assert_int_equal(answer.status, 302); /* not followed */
    assert_int_equal(answer.body.size, 0);
    ask_well(http, &question, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body.data, "{}");
    assert_int_equal(server.connections, 1);
    assert_int_equal(server.requests, 3);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

static void test_connection_is_kept_and_replaced(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {ANSWER, OK}, {CLOSE, OK}, {ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    for (int i = 0; i < 3; i++)
        ask_well(http, &question, &answer);
    assert_int_equal(server.connections, 1);
    for (int i = 0; i < 20; i++) /* the server has closed, before or after the request */
        ask_well(http, &question, &answer);
    assert_int_equal(server.connections, 2);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

static void test_unix_socket(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    server_start_unix(&server, steps);
    struct http_client *http = client_of(server.url);
    ask_well(http, &question, &answer);
    assert_true(text_starts_with(server.seen.data, "POST /query HTTP/1.1\r\nHost: localhost\r\n"));
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
    assert_int_equal(unlink(server.url + strlen("unix://")), 0);
}

static void test_send_does_not_wait_for_the_answer(void **state)
{
    (void)state;
    static const struct step steps[] = {{DRIP, OK}, {0}}; /* about 1.7 s */
    struct server server;
    struct http_answer answer = {.status = 0};
    struct error error;
    server_start_tcp(&server, steps);
    struct http_client *http = client_with(&(struct http_options){
        .url = server.url, .connect_ms = 2000, .answer_ms = 1000, .answer_max = 1000, .tries = 1});
    int64_t before = clock_monotonic_ms();
    struct http_transfer *transfer = begin_well(http, &question);
    assert_true(http_send(transfer, &error));
    assert_true(clock_monotonic_ms() - before < 500);
    while (server.requests == 0) /* the request arrives before the client waits for the answer */
        clock_sleep_ms(5);
    clock_sleep_ms(1200); /* more than answer_ms; the caller's own time does not count */
    assert_true(http_finish(transfer, &answer, &error));
    assert_string_equal(answer.body.data, "{}");
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

static void test_large_request(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {0}};
    enum { SIZE = 1100000 }; /* above 1 MiB libcurl would send Expect by default */
    char *body = malloc(SIZE);
    assert_non_null(body);
    memset(body, 'b', SIZE);
    struct server server;
    struct http_answer answer = {.status = 0};
    struct error error;
    server_start_tcp(&server, steps);
    struct http_client *http = patient_client_of(server.url);
    struct http_request request = question;
    request.body = body;
    request.size = SIZE;
    struct http_transfer *transfer = begin_well(http, &request);
    memset(body, 'c', SIZE); /* no effect: it was copied */
    assert_true(http_finish(transfer, &answer, &error));
    assert_int_equal(answer.status, 200);
    assert_null(strstr(server.seen.data, "Expect"));
    const char *arrived = strstr(server.seen.data, "\r\n\r\n") + 4;
    assert_int_equal(strspn(arrived, "b"), SIZE);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
    free(body);
}

static void refuse(const char *url)
{
    struct http_options options = {
        .url = url, .connect_ms = 1, .answer_ms = 1, .answer_max = 1, .tries = 1};
    struct http_client *http = NULL;
    struct error error;
    if (http_client_new(&options, &http, &error))
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

static void test_methods(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {ANSWER, OK},
        {ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nETag: \"e\"\r\n\r\n"},
        {ANSWER, "HTTP/1.1 204 No Content\r\n\r\n"},
        {ANSWER, OK},
        {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    ask_well(http, &(struct http_request){.path = "/a/../b%2F?c=d"}, &answer);
    assert_true(text_starts_with(server.seen.data, "GET /a/../b%2F?c=d HTTP/1.1\r\nHost: 127."));
    ask_well(http, &(struct http_request){.method = HTTP_HEAD, .path = "/"}, &answer);
    assert_true(text_starts_with(server.seen.data, "HEAD / HTTP/1.1\r\n"));
    assert_int_equal(answer.body.size, 0);
    assert_string_equal(http_answer_header(&answer, "Content-Length"), "5000");
    ask_well(http, &(struct http_request){.method = HTTP_DELETE, .path = "/a"}, &answer);
    assert_true(text_starts_with(server.seen.data, "DELETE /a HTTP/1.1\r\n"));
    assert_null(strstr(server.seen.data, "Content-Length"));
    assert_int_equal(answer.status, 204);
    ask_well(http, &(struct http_request){.method = HTTP_PUT, .path = "/a", .body = "x", .size = 1},
             &answer);
    assert_true(text_starts_with(server.seen.data, "PUT /a HTTP/1.1\r\n"));
    assert_non_null(strstr(server.seen.data, "\r\nContent-Length: 1\r\n"));
    assert_string_equal(strstr(server.seen.data, "\r\n\r\n"), "\r\n\r\nx");
    ask_well(http, &(struct http_request){.method = HTTP_POST, .path = "/a"}, &answer);
    assert_non_null(strstr(server.seen.data, "\r\nContent-Length: 0\r\n"));
    assert_null(strstr(server.seen.data, "Content-Type"));
    assert_int_equal(server.connections, 1);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

static void test_headers_in_and_out(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {ANSWER, "HTTP/1.1 100 Continue\r\nETag: old\r\n\r\nHTTP/1.1 503 Slow Down\r\n"
                 "retry-after:  7 \r\nETag: \"a:b\"\r\nX-Empty:\r\nX-Twice: 1\r\nX-Twice: 2\r\n"
                 "Content-Length: 0\r\n\r\n"},
        {0}};
    static const struct http_header headers[] = {
        {"Host", "bucket.example.org"}, {"Authorization", "AWS4 a=b/c, d"}, {"X-Empty", ""}};
    const struct http_request request = {.path = "/", .headers = headers, .header_count = 3};
    struct server server;
    struct http_answer answer = {.status = 0};
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    ask_well(http, &request, &answer);
    assert_non_null(strstr(server.seen.data, "\r\nHost: bucket.example.org\r\n"));
    assert_non_null(strstr(server.seen.data, "\r\nAuthorization: AWS4 a=b/c, d\r\n"));
    assert_non_null(strstr(server.seen.data, "\r\nX-Empty:\r\n"));
    assert_int_equal(answer.status, 503);
    assert_string_equal(http_answer_header(&answer, "Retry-After"), "7");
    assert_string_equal(http_answer_header(&answer, "etag"), "\"a:b\"");
    assert_string_equal(http_answer_header(&answer, "X-Empty"), "");
    assert_string_equal(http_answer_header(&answer, "X-Twice"), "1");
    assert_null(http_answer_header(&answer, "X-Twic"));
    assert_null(http_answer_header(&answer, "Content-Type"));
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

static void refuse_request(const struct http_request *request)
{
    struct http_client *http = client_of("http://127.0.0.1:1");
    struct http_transfer *transfer = NULL;
    struct error error;
    if (http_begin(http, request, &transfer, &error))
        fail_msg("taken: %s", request->path);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_null(transfer);
    http_client_free(http);
}

static void test_wrong_paths(void **state)
{
    (void)state;
    static const char *const paths[] = {"",
                                        "query",
                                        "/query HTTP/1.1\r\n",
                                        "/with space",
                                        "/\xc3\xa4",
                                        "/#part",
                                        "ftp://127.0.0.1/",
                                        "http://user@127.0.0.1/",
                                        "http://127.0.0.1/#part"};
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++)
        refuse_request(&(struct http_request){.path = paths[i]});
}

static void test_wrong_headers(void **state)
{
    (void)state;
    static char large[9000];
    static const struct http_header wrong[] = {{"Referer", "a\r\nX: y"},
                                               {"Referer", "a\nX: y"},
                                               {"X\r\nY", "a"},
                                               {"X: y", "a"},
                                               {"X Y", "a"},
                                               {"", "a"},
                                               {"content-length", "5"},
                                               {"Transfer-Encoding", "chunked"},
                                               {"Expect", "100-continue"},
                                               {"X-Large", large}};
    static struct http_header many[65];
    memset(large, 'x', sizeof(large) - 1);
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        refuse_request(
            &(struct http_request){.path = "/", .headers = &wrong[i], .header_count = 1});
    for (size_t i = 0; i < ARRAY_LENGTH(many); i++)
        many[i] = (struct http_header){"X", "y"};
    refuse_request(&(struct http_request){.path = "/", .headers = many, .header_count = 65});
    refuse_request(&(struct http_request){.path = "/", .body = "x", .size = 1});
}

static void test_size_without_a_body(void **state)
{
    (void)state;
    refuse_request(&(struct http_request){.method = HTTP_POST, .path = "/", .size = 1000});
    refuse_request(&(struct http_request){.method = HTTP_PUT, .path = "/", .size = 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_and_answer),
        cmocka_unit_test(test_statuses_are_answers),
        cmocka_unit_test(test_connection_is_kept_and_replaced),
        cmocka_unit_test(test_unix_socket),
        cmocka_unit_test(test_send_does_not_wait_for_the_answer),
        cmocka_unit_test(test_large_request),
        cmocka_unit_test(test_wrong_urls),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_headers_in_and_out),
        cmocka_unit_test(test_wrong_paths),
        cmocka_unit_test(test_wrong_headers),
        cmocka_unit_test(test_size_without_a_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
