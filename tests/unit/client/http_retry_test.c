/* SPDX-License-Identifier: Apache-2.0 */
/* A callback that fails ends the request, without a second try. This must also hold if libcurl
   reads the body before it sends the header, so that no byte was sent. Here curl_easy_getinfo says
   so. */
#include "http_fixture.h"

#include <curl/curl.h>
#include <dlfcn.h>

#undef curl_easy_getinfo /* a macro that checks types */

static bool nothing_sent;

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    CURLcode (*real)(CURL *, CURLINFO, ...) = NULL;
    va_list arguments;
    va_start(arguments, info);
    void *result = va_arg(arguments, void *);
    va_end(arguments);
    *(void **)&real = dlsym(RTLD_NEXT, "curl_easy_getinfo"); /* the form of POSIX */
    assert_non_null(real);
    CURLcode code = real(easy, info, result);
    if (info == CURLINFO_REQUEST_SIZE && nothing_sent)
        *(long *)result = 0;
    return code;
}

/* Fails with ERROR_AWAY, the error of a failed connection, which would be tried again. */
static bool fail_to_give(void *context, size_t offset, void *to, size_t size, struct error *error)
{
    int *calls = context;
    (void)offset, (void)to, (void)size;
    ++*calls;
    return error_set(error, ERROR_AWAY, "call %d", *calls);
}

static void expect_one_try(void)
{
    static const struct step steps[] = {{ANSWER, OK}, {0}};
    int calls = 0;
    const struct http_request request = {.method = HTTP_PUT,
                                         .path = "/object",
                                         .size = 1000,
                                         .read = fail_to_give,
                                         .read_context = &calls};
    struct server server;
    struct http_answer answer;
    struct error error;
    server_start_tcp(&server, steps);
    struct http_client *http = client_of(server.url); /* two tries */
    bool done = http_ask(http, &request, &answer, &error);
    http_client_free(http);
    server_stop(&server);
    assert_false(done);
    assert_int_equal(error.code, ERROR_AWAY);
    assert_string_equal(error.message, "call 1");
    assert_int_equal(calls, 1);
}

static void test_failed_callback_after_the_header(void **state)
{
    (void)state;
    expect_one_try();
}

static void test_failed_callback_before_the_header(void **state)
{
    (void)state;
    nothing_sent = true;
    expect_one_try();
    nothing_sent = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failed_callback_after_the_header),
        cmocka_unit_test(test_failed_callback_before_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
