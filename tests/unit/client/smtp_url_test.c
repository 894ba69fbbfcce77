/* SPDX-License-Identifier: Apache-2.0 */
#include "client/smtp.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_url(const char *url, const char *host, int port, enum smtp_security security,
                      const char *user, const char *password, const char *cafile)
{
    struct smtp_server server;
    struct error error;
    if (!smtp_parse_url(url, &server, &error))
        fail_msg("%s: %s", url, error.message);
    assert_string_equal(server.host, host);
    assert_int_equal(server.port, port);
    assert_int_equal(server.security, security);
    assert_string_equal(server.user, user);
    assert_string_equal(server.password, password);
    assert_string_equal(server.cafile, cafile);
}

static void test_urls(void **state)
{
    (void)state;
    check_url("smtp://127.0.0.1", "127.0.0.1", 25, SMTP_PLAIN, "", "", "");
    check_url("smtp://mail.example.com:2525/", "mail.example.com", 2525, SMTP_PLAIN, "", "", "");
    check_url("smtp://[::1]", "::1", 25, SMTP_PLAIN, "", "", "");
    check_url("smtp://u:p@localhost", "localhost", 25, SMTP_PLAIN, "u", "p", "");
    check_url("smtp://u%40x:p%3A%2F%40@mail.example.com:587?starttls=required", "mail.example.com",
              587, SMTP_STARTTLS, "u@x", "p:/@", "");
    check_url("smtps://u:p@mail.example.com?cafile=/etc/ca.pem", "mail.example.com", 465, SMTP_TLS,
              "u", "p", "/etc/ca.pem");
}

static void test_wrong_urls(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "mail.example.com",
        "http://h",
        "smtp://",
        "smtp://:25",
        "smtp://a%2Fb",
        "smtp://a%20b",
        "smtp://h/path",
        "smtp://h:0",
        "smtp://h?tls=1",
        "smtp://h?starttls=maybe",
        "smtp://h?starttls",
        "smtps://h?starttls=required",
        "smtp://h?cafile=/x",
        "smtp://u:secret@mail.example.com",
        "smtp://u:secret@127.0.0.1.example.com",
        "smtps://u@h",
        "smtps://:secret@h",
        "smtps://u:secret%0D%0A@h",
    };
    struct smtp_server server;
    struct error error;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        if (smtp_parse_url(bad[i], &server, &error))
            fail_msg("%s is accepted", bad[i]);
        assert_int_equal(error.code, ERROR_USAGE);
        assert_null(strstr(error.message, "secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_wrong_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
