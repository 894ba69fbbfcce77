/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a Snuba: the request on the wire, the answer, and the error of each failure. */
#include "snuba/snuba_client.h"

#include "base/text.h"

#include "../http_server.h"

#define OK(length, body)                                                                           \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " length "\r\n\r\n" body
#define COUNT "{\"data\": [{\"count\": 5}], \"meta\": [{\"name\": \"count\"}]}"

static const int64_t projects[] = {2};
static const struct snuba_aggregation count[] = {{.function = SNUBA_COUNT, .alias = "count"}};
static const struct snuba_query query = {.referrer = "tagstore.test",
                                         .project_ids = projects,
                                         .project_count = 1,
                                         .from = 0,
                                         .to = INT64_C(1795224725000000),
                                         .aggregations = count,
                                         .aggregation_count = 1,
                                         .limit = -1};

static struct snuba_client *client_of(const char *url, const char *dialect)
{
    struct snuba_client *client = NULL;
    struct error error;
    if (!snuba_client_new(url, snuba_dialect_find(dialect), &client, &error))
        fail_msg("%s: %s", url, error.message);
    return client;
}

/* The only number of the answer, or minus the error's code. */
static int64_t ask_for(struct snuba_client *client, const struct snuba_query *asked)
{
    struct arena *arena = arena_new(1 << 20);
    struct snuba_answer answer;
    struct error error;
    assert_non_null(arena);
    bool done = snuba_ask(client, asked, arena, &answer, &error);
    int64_t result = done ? snuba_cell(&answer, 0, 0)->number : -(int64_t)error.code;
    arena_free(arena);
    return result;
}

static int64_t ask_count(struct snuba_client *client)
{
    return ask_for(client, &query);
}

static void test_question_and_answer(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK("53", COUNT)}, {0}};
    struct server server;
    assert_int_equal(strlen(COUNT), 53);
    server_start_tcp(&server, steps);
    struct snuba_client *client = client_of(server.url, "2020");
    assert_ptr_equal(snuba_client_dialect(client), snuba_dialect_find("2020"));
    assert_int_equal(ask_count(client), 5);
    assert_int_equal(ask_count(client), 5);
    assert_int_equal(server.connections, 1);
    assert_true(text_starts_with(server.seen.data, "POST /query HTTP/1.1\r\n"));
    assert_non_null(strstr(server.seen.data, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(server.seen.data, "\r\nReferer: tagstore.test\r\n"));
    assert_non_null(strstr(server.seen.data, "\"dataset\":\"events\""));
    snuba_client_free(client);
    server_stop(&server);
}

static void test_socket_as_a_path(void **state)
{
    (void)state;
    static const struct step steps[] = {{ANSWER, OK("53", COUNT)}, {0}};
    struct server server;
    server_start_unix(&server, steps);
    const char *path = server.url + strlen("unix://");
    struct snuba_client *client = client_of(path, "2018");
    assert_int_equal(ask_count(client), 5);
    assert_null(strstr(server.seen.data, "dataset")); /* a member of 2020 only */
    snuba_client_free(client);
    client = client_of(server.url, "2018");
    assert_int_equal(ask_count(client), 5);
    snuba_client_free(client);
    server_stop(&server);
    assert_int_equal(unlink(path), 0);
}

static void test_failures(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {ANSWER, OK("52", COUNT)}, /* cut by the server */
        {CLOSE, OK("9999", COUNT)},
        {CLOSE, ""},
        {ANSWER, "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"},
        {ANSWER,
         "HTTP/1.1 429 Many\r\nContent-Length: 27\r\n\r\n{\"error\": {\"type\": \"rate\"}}"},
        {HANG, ""},
        {FLOOD, "HTTP/1.1 200 OK\r\n\r\n"},
        {ANSWER, OK("53", COUNT)},
        {0}};
    static const int64_t expected[] = {-ERROR_ANSWER, -ERROR_ANSWER, -ERROR_ANSWER,   -ERROR_AWAY,
                                       -ERROR_BUSY,   -ERROR_ANSWER, -ERROR_OVERLOAD, 5};
    struct server server;
    char url[200];
    server_start_tcp(&server, steps);
    (void)snprintf(url, sizeof(url), "%s/?timeout=2", server.url);
    struct snuba_client *client = client_of(url, "2020");
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        int64_t result = ask_count(client);
        if (result != expected[i])
            fail_msg("step %zu: %" PRId64, i, result);
    }
    snuba_client_free(client);
    client = client_of("http://127.0.0.1:1", "2020");
    assert_int_equal(ask_count(client), -ERROR_AWAY);
    snuba_client_free(client);
    server_stop(&server);
}

static void test_patience_of_one_question(void **state)
{
    (void)state;
    static const struct step steps[] = {{HANG, ""}, {ANSWER, OK("53", COUNT)}, {0}};
    struct server server;
    struct snuba_query hasty = query;
    hasty.patience_ms = 300;
    server_start_tcp(&server, steps);
    struct snuba_client *client = client_of(server.url, "2020");
    assert_int_equal(ask_for(client, &hasty), -ERROR_TIMEOUT);
    assert_int_equal(ask_for(client, &hasty), 5);
    snuba_client_free(client);
    server_stop(&server);
}

static void test_in_two_steps(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {ANSWER, OK("53", COUNT)}, {HANG, ""}, {ANSWER, OK("53", COUNT)}, {0}};
    struct server server;
    struct snuba_answer answer;
    struct error error;
    struct arena *arena = arena_new(1 << 20);
    assert_non_null(arena);
    server_start_tcp(&server, steps);
    struct snuba_client *client = client_of(server.url, "2020");
    assert_false(snuba_finish(client, arena, &answer, &error)); /* nothing was asked */
    assert_int_equal(error.code, ERROR_INTERNAL);
    assert_true(snuba_start(client, &query, &error));
    assert_false(snuba_start(client, &query, &error)); /* one at a time */
    assert_int_equal(error.code, ERROR_INTERNAL);
    assert_true(snuba_finish(client, arena, &answer, &error));
    assert_int_equal(snuba_cell(&answer, 0, 0)->number, 5);
    assert_true(snuba_start(client, &query, &error));
    snuba_abandon(client);
    assert_true(snuba_ask(client, &query, arena, &answer, &error));
    snuba_client_interrupt(client);
    assert_false(snuba_ask(client, &query, arena, &answer, &error));
    assert_int_equal(error.code, ERROR_STOPPED);
    snuba_client_free(client);
    arena_free(arena);
    server_stop(&server);
}

static void test_what_cannot_be_asked(void **state)
{
    (void)state;
    struct snuba_client *client = client_of("http://127.0.0.1:1", "2020");
    struct snuba_query wrong = query;
    struct error error;
    wrong.project_count = 0;
    assert_false(snuba_start(client, &wrong, &error));
    assert_int_equal(error.code, ERROR_QUERY);
    snuba_client_free(client);
}

static void test_settings(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "localhost:1218",
                                        "redis://localhost",
                                        "http://localhost?timeout=0",
                                        "http://localhost?timeout=abc",
                                        "http://localhost?timeout",
                                        "http://localhost?retries=5",
                                        "http://localhost?cafile=/ca.pem",
                                        "http://user:secret@localhost",
                                        "unix://path",
                                        "/"};
    static const char *const right[] = {"http://localhost:1218",
                                        "http://localhost/snuba/?timeout=5",
                                        "https://[::1]:1218?cafile=%2Fca.pem&timeout=3600",
                                        "unix:///run/snuba.sock?timeout=5", "/run/snuba.sock"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct snuba_client *client = NULL;
        struct error error;
        if (snuba_client_new(wrong[i], snuba_dialect_find("2020"), &client, &error))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(error.code, ERROR_USAGE);
        assert_true(text_starts_with(error.message, "EXPORTD_SNUBA_URL: "));
        assert_null(strstr(error.message, "secret"));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(right); i++)
        snuba_client_free(client_of(right[i], "2020"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question_and_answer),
        cmocka_unit_test(test_socket_as_a_path),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_patience_of_one_question),
        cmocka_unit_test(test_in_two_steps),
        cmocka_unit_test(test_what_cannot_be_asked),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
