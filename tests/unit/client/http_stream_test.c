/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that are never in memory as a whole, of answers and of requests. */
#include "http_fixture.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: "

/* ---- the answer ---- */

struct taken {
    struct buffer bytes;
    size_t most; /* the most bytes to take */
};

static bool take(void *context, const void *bytes, size_t size, struct error *error)
{
    struct taken *taken = context;
    if (taken->bytes.size + size > taken->most)
        return error_set(error, ERROR_LOST, "enough");
    return buffer_append(&taken->bytes, bytes, size, error);
}

static struct http_request streamed(struct taken *taken)
{
    *taken = (struct taken){.most = SIZE_MAX};
    buffer_init(&taken->bytes, 1 << 24);
    return (struct http_request){.path = "/", .write = take, .write_context = taken};
}

/* The server sends the second half after the client has read the first. */
static void test_it_is_read_as_it_comes(void **state)
{
    (void)state;
    static const struct step steps[] = {{HALVES, HEAD "50\r\n\r\n"
                                                      "aaaaaaaaaaaaaaaaaaaaaaaaa"
                                                      "bbbbbbbbbbbbbbbbbbbbbbbbb"},
                                        {0}};
    struct server server;
    struct http_answer answer;
    struct error error;
    struct taken taken;
    bool more = false;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    const struct http_request request = streamed(&taken);
    struct http_transfer *transfer = begin_well(http, &request);
    assert_true(http_more(transfer, &more, &error));
    assert_true(more);
    assert_in_range(taken.bytes.size, 1, 25);
    atomic_store(&server.go, true);
    while (more)
        assert_true(http_more(transfer, &more, &error));
    assert_string_equal(taken.bytes.data, strstr(steps[0].text, "a"));
    assert_true(http_finish(transfer, &answer, &error));
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.size, 0);
    assert_string_equal(http_answer_header(&answer, "Content-Length"), "50");
    http_answer_free(&answer);
    buffer_free(&taken.bytes);
    http_client_free(http);
    server_stop(&server);
}

/* Ten times the limit of memory. */
static void test_it_may_be_long(void **state)
{
    (void)state;
    enum { SIZE = 1000000 };
    struct buffer text;
    struct error error;
    buffer_init(&text, 1 << 21);
    assert_true(buffer_printf(&text, &error, HEAD "%d\r\n\r\n", SIZE));
    assert_true(buffer_reserve(&text, SIZE, &error));
    for (int i = 0; i < SIZE; i++)
        assert_true(buffer_append_byte(&text, (char)('a' + i % 23), &error));
    const struct step steps[] = {{ANSWER, text.data}, {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    struct taken taken;
    server_start_tcp(&server, steps);
    struct http_client *http = patient_client_of(server.url);
    const struct http_request request = streamed(&taken);
    ask_well(http, &request, &answer);
    assert_string_equal(taken.bytes.data, strstr(text.data, "\r\n\r\n") + 4);
    http_answer_free(&answer);
    buffer_free(&taken.bytes);
    http_client_free(http);
    server_stop(&server);
    buffer_free(&text); /* only now: the server reads it */
}

static bool count_bytes(void *context, const void *bytes, size_t size, struct error *error)
{
    (void)bytes, (void)error;
    *(size_t *)context += size;
    return true;
}

static void test_one_call_brings_a_few_mib(void **state)
{
    (void)state;
    static const struct step steps[] = {{FLOOD, "HTTP/1.1 200 OK\r\n\r\n"}, {0}};
    struct server server;
    struct error error;
    size_t taken = 0;
    bool more = false;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    struct http_transfer *transfer = begin_well(
        http, &(struct http_request){.path = "/", .write = count_bytes, .write_context = &taken});
    for (int i = 0; i < 20; i++) {
        size_t before = taken;
        assert_true(http_more(transfer, &more, &error));
        assert_true(more);
        assert_in_range(taken - before, 1, 4 << 20);
        clock_sleep_ms(5); /* the server fills the connection meanwhile */
    }
    http_abandon(transfer);
    http_client_free(http);
    server_stop(&server);
}

/* A byte every 20 ms: 2.8 s in all. */
static void test_it_may_take_longer_than_the_limit(void **state)
{
    (void)state;
    static const struct step steps[] = {{DRIP,
                                         HEAD "100\r\n\r\n"
                                              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                              "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"},
                                        {0}};
    struct server server;
    struct http_answer answer = {.status = 0};
    struct taken taken;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    struct http_request request = streamed(&taken);
    request.answer_ms = 2000;
    ask_well(http, &request, &answer);
    assert_int_equal(taken.bytes.size, 100);
    http_answer_free(&answer);
    buffer_free(&taken.bytes);
    http_client_free(http);
    server_stop(&server);
}

struct slow {
    atomic_bool *mine, *others; /* the server may send its second half */
    int calls;
};

/* The first call takes longer than answer_ms. */
static bool take_slowly(void *context, const void *bytes, size_t size, struct error *error)
{
    struct slow *slow = context;
    (void)bytes, (void)size, (void)error;
    if (slow->calls++ == 0)
        clock_sleep_ms(800);
    atomic_store(slow->calls == 1 ? slow->mine : slow->others, true);
    return true;
}

/* It does not count for the other request in flight either. */
static void test_time_in_write_is_not_waiting(void **state)
{
    (void)state;
    static const struct step steps[] = {{HALVES, HEAD "50\r\n\r\n"
                                                      "aaaaaaaaaaaaaaaaaaaaaaaaa"
                                                      "bbbbbbbbbbbbbbbbbbbbbbbbb"},
                                        {0}};
    struct server servers[2];
    struct http_transfer *transfers[2];
    struct http_answer answer;
    struct error error;
    char url[200];
    for (int i = 0; i < 2; i++)
        server_start_tcp(&servers[i], steps);
    struct slow slow = {.mine = &servers[0].go, .others = &servers[1].go};
    struct http_client *http = client_of(servers[0].url);
    (void)snprintf(url, sizeof(url), "%s/", servers[1].url);
    transfers[0] = begin_well(
        http, &(struct http_request){.path = "/", .write = take_slowly, .write_context = &slow});
    transfers[1] = begin_well(http, &(struct http_request){.path = url});
    for (int i = 1; i >= 0; i--) {
        if (!http_finish(transfers[i], &answer, &error))
            fail_msg("%d: %s", i, error.message);
        http_answer_free(&answer);
    }
    assert_true(slow.calls >= 2);
    http_client_free(http);
    for (int i = 0; i < 2; i++)
        server_stop(&servers[i]);
}

static void test_an_error_is_not_part_of_it(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {ANSWER, "HTTP/1.1 500 Error\r\nContent-Length: 9\r\n\r\nCode: 241"}, {0}};
    struct server server;
    struct http_answer answer;
    struct error error;
    struct taken taken;
    bool more = true;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    const struct http_request request = streamed(&taken);
    struct http_transfer *transfer = begin_well(http, &request);
    assert_true(http_more(transfer, &more, &error));
    assert_false(more);
    assert_true(http_finish(transfer, &answer, &error));
    assert_int_equal(answer.status, 500);
    assert_string_equal(answer.body.data, "Code: 241");
    assert_int_equal(taken.bytes.size, 0);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

static void test_a_cut_answer_is_an_error(void **state)
{
    (void)state;
    static const struct step steps[] = {{CLOSE, HEAD "9\r\n\r\n12345"}, {0}};
    struct server server;
    struct error error;
    struct taken taken;
    bool more = true;
    bool done = true;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    const struct http_request request = streamed(&taken);
    struct http_transfer *transfer = begin_well(http, &request);
    while (done && more)
        done = http_more(transfer, &more, &error);
    assert_false(done);
    assert_int_equal(error.code, ERROR_ANSWER);
    http_abandon(transfer);
    buffer_free(&taken.bytes);
    http_client_free(http);
    server_stop(&server);
}

static void test_it_can_be_refused(void **state)
{
    (void)state;
    static const struct step steps[] = {{FLOOD, "HTTP/1.1 200 OK\r\n\r\n"}, {0}};
    struct server server;
    struct http_answer answer;
    struct error error;
    struct taken taken;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url);
    const struct http_request request = streamed(&taken);
    taken.most = 1000000;
    assert_false(http_ask(http, &request, &answer, &error));
    assert_int_equal(error.code, ERROR_LOST);
    assert_string_equal(error.message, "enough");
    buffer_free(&taken.bytes);
    http_client_free(http);
    server_stop(&server);
}

/* ---- the request's body ---- */

struct given {
    size_t until; /* fails from this offset on */
    int slow_ms;  /* of the second piece */
};

static char byte_at(size_t offset)
{
    return (char)('a' + offset % 23);
}

static bool give(void *context, size_t offset, void *to, size_t size, struct error *error)
{
    const struct given *given = context;
    if (offset > 0)
        clock_sleep_ms(given->slow_ms);
    if (offset + size > given->until)
        return error_set(error, ERROR_NOT_FOUND, "no more");
    for (size_t i = 0; i < size; i++)
        ((char *)to)[i] = byte_at(offset + i);
    return true;
}

static void expect_body(const struct server *server, size_t size)
{
    const char *body = strstr(server->seen.data, "\r\n\r\n") + 4;
    assert_true(text_starts_with(server->seen.data, "PUT /object HTTP/1.1\r\n"));
    assert_null(strstr(server->seen.data, "Expect"));
    assert_null(strstr(server->seen.data, "chunked"));
    assert_int_equal(strlen(body), size);
    for (size_t i = 0; i < size; i++)
        if (body[i] != byte_at(i))
            fail_msg("byte %zu", i);
}

/* The server closes the kept connection without an answer, so the body is read twice. */
static void test_body_that_is_read(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {CLOSE, ""}, {ANSWER, OK}, {0}};
    struct given given = {.until = SIZE_MAX};
    const struct http_request request = {.method = HTTP_PUT,
                                         .path = "/object",
                                         .size = 300000,
                                         .read = give,
                                         .read_context = &given};
    struct server server;
    struct http_answer answer = {.status = 0};
    server_start_tcp(&server, steps);
    struct http_client *http = patient_client_of(server.url);
    ask_well(http, &request, &answer);
    expect_body(&server, request.size);
    ask_well(http, &request, &answer);
    expect_body(&server, request.size);
    assert_int_equal(server.requests, 3);
    assert_int_equal(server.connections, 2);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
}

/* It does not count for the other request in flight either. */
static void test_time_in_read_is_not_waiting(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {0}};
    static const struct step slow_steps[] = {{HALVES, OK}, {0}};
    struct given given = {.until = SIZE_MAX, .slow_ms = 1200};
    const struct http_request request = {.method = HTTP_PUT,
                                         .path = "/object",
                                         .size = 100000,
                                         .read = give,
                                         .read_context = &given,
                                         .answer_ms = 1000};
    struct server server;
    struct server other;
    struct http_answer answer = {.status = 0};
    struct error error;
    char url[200];
    server_start_tcp(&server, steps);
    server_start_tcp(&other, slow_steps);
    struct http_client *http = patient_client_of(server.url);
    (void)snprintf(url, sizeof(url), "%s/", other.url);
    struct http_transfer *transfer =
        begin_well(http, &(struct http_request){.path = url, .answer_ms = 1000});
    assert_true(http_send(transfer, &error));
    ask_well(http, &request, &answer);
    expect_body(&server, request.size);
    http_answer_free(&answer);
    atomic_store(&other.go, true);
    if (!http_finish(transfer, &answer, &error))
        fail_msg("%s", error.message);
    http_answer_free(&answer);
    http_client_free(http);
    server_stop(&server);
    server_stop(&other);
}

static void test_body_that_cannot_be_read(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK}, {0}};
    struct given given = {.until = 200000};
    const struct http_request request = {.method = HTTP_PUT,
                                         .path = "/object",
                                         .size = 300000,
                                         .read = give,
                                         .read_context = &given};
    struct server server;
    struct http_answer answer;
    struct error error;
    server_start_tcp(&server, steps);
    struct http_client *http = patient_client_of(server.url);
    assert_false(http_ask(http, &request, &answer, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_int_equal(server.requests, 0); /* no whole request */
    http_client_free(http);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_read_as_it_comes),
        cmocka_unit_test(test_it_may_be_long),
        cmocka_unit_test(test_one_call_brings_a_few_mib),
        cmocka_unit_test(test_it_may_take_longer_than_the_limit),
        cmocka_unit_test(test_time_in_write_is_not_waiting),
        cmocka_unit_test(test_an_error_is_not_part_of_it),
        cmocka_unit_test(test_a_cut_answer_is_an_error),
        cmocka_unit_test(test_it_can_be_refused),
        cmocka_unit_test(test_body_that_is_read),
        cmocka_unit_test(test_time_in_read_is_not_waiting),
        cmocka_unit_test(test_body_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
