/* SPDX-License-Identifier: Apache-2.0 */
/* redis.c and the HTTP client without memory. */
#include "../http_server.h"
#include "../no_memory.h"

#include "client/http.h"
#include "client/redis.h"

#ifdef EXPORTD_FAULTS

static bool make_redis(const void *url, struct error *error)
{
    struct redis *redis = redis_new(url, "test");
    redis_free(redis);
    return redis != NULL || error_no_memory(error);
}

static bool make_http(const void *url, struct error *error)
{
    const struct http_options options = {
        .url = url, .connect_ms = 1000, .answer_ms = 1000, .answer_max = 1000, .tries = 1};
    struct http_client *http = NULL;
    bool done = http_client_new(&options, &http, error);
    http_client_free(http);
    return done;
}

static bool ask_http(const void *url, struct error *error)
{
    const struct http_options options = {
        .url = url, .connect_ms = 1000, .answer_ms = 5000, .answer_max = 1000, .tries = 1};
    const struct http_header header = {"X-In", "1"};
    const struct http_request request = {.method = HTTP_PUT,
                                         .path = "/",
                                         .headers = &header,
                                         .header_count = 1,
                                         .body = "b",
                                         .size = 1};
    struct http_client *http = NULL;
    struct http_answer answer = {.status = 0};
    bool done = http_client_new(&options, &http, error) && http_ask(http, &request, &answer, error);
    if (done) {
        assert_string_equal(answer.body.data, "{}");
        assert_string_equal(http_answer_header(&answer, "X-Out"), "2");
    }
    http_answer_free(&answer);
    http_client_free(http);
    return done;
}

static void requests(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {ANSWER, "HTTP/1.1 200 OK\r\nX-Out: 2\r\nContent-Length: 2\r\n\r\n{}"}, {0}};
    struct server server;
    server_start_tcp(&server, steps);
    assert_true(no_memory_run(ask_http, server.url) >= 5);
    server_stop(&server);
}

static void clients(void **state)
{
    (void)state;
    assert_true(no_memory_run(make_redis, "redis://user:secret@localhost:6379/1") >= 1);
    assert_true(no_memory_run(make_http, "http://localhost:1218/prefix") >= 1);
    assert_true(no_memory_run(make_http, "unix:///run/snuba.sock") >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(clients), cmocka_unit_test(requests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
