/* SPDX-License-Identifier: Apache-2.0 */
/* Which transport a URL names, and what transports need not have. */
#include "mail/transport.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_refused(const char *url, const char *sender)
{
    struct mail_transport *transport = NULL;
    struct error error;
    assert_false(mail_transport_open(&(struct mail_settings){.url = url, .sender = sender},
                                     &transport, &error));
    if (error.code != ERROR_USAGE)
        fail_msg("%s: %s", url, error.message);
    assert_null(transport);
}

static void test_wrong_urls(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",          "folder",        "/folder", "file://host/folder",  "file:///",   "file://",
        "http://h/", "file:///x?a=b", "smtp://", "smtp://h/?tls=maybe", "smtp://h:0", "mailto:a@b",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(urls); i++)
        expect_refused(urls[i], "a@b");
}

static void test_the_sender_is_an_address(void **state)
{
    (void)state;
    static const char *const senders[] = {"", "a", "a@b,c@d", "Ann <a@b>", "a@b\n"};
    for (size_t i = 0; i < ARRAY_LENGTH(senders); i++) {
        expect_refused("file:///tmp/x", senders[i]);
        expect_refused("smtp://localhost", senders[i]);
    }
}

static void test_a_name_for_ehlo_that_is_too_long(void **state)
{
    (void)state;
    char hello[1024];
    struct mail_transport *transport = NULL;
    struct error error;
    memset(hello, 'x', sizeof(hello));
    hello[sizeof(hello) - 1] = '\0';
    assert_false(mail_transport_open(
        &(struct mail_settings){.url = "smtp://localhost", .sender = "a@b", .hello = hello},
        &transport, &error));
    assert_int_equal(error.code, ERROR_USAGE);
}

/* Opens a transport and checks it where no mail can be sent: the message says what was tried. */
static void expect_transport(const char *url, const char *word)
{
    struct mail_transport *transport = NULL;
    struct error error;
    assert_true(mail_transport_open(&(struct mail_settings){.url = url, .sender = "a@b"},
                                    &transport, &error));
    assert_false(mail_transport_check(transport, &error));
    if (strstr(error.message, word) == NULL)
        fail_msg("%s", error.message);
    mail_transport_rest(transport);
    mail_transport_interrupt(transport);
    mail_transport_free(transport);
}

static void test_urls(void **state)
{
    (void)state;
    expect_transport("file:///nonexistent/exportd/mail", "folder for mails");
    expect_transport("smtp://127.0.0.1:1", "127.0.0.1");
    mail_transport_free(NULL);
}

/* An interrupt holds for all later mails. */
static void test_interrupted(void **state)
{
    (void)state;
    struct mail_transport *transport = NULL;
    struct error error;
    const struct mail_message message = {
        .recipient = "a@b", .message_id = "<1@x>", .mime = "Subject: x\r\n\r\nx\r\n", .size = 17};
    assert_true(mail_transport_open(
        &(struct mail_settings){.url = "smtp://127.0.0.1:1", .sender = "a@b"}, &transport, &error));
    mail_transport_interrupt(transport);
    for (int i = 0; i < 2; i++) {
        assert_false(mail_transport_send(transport, &message, &error));
        assert_int_equal(error.code, ERROR_STOPPED);
    }
    mail_transport_free(transport);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_urls),
        cmocka_unit_test(test_the_sender_is_an_address),
        cmocka_unit_test(test_a_name_for_ehlo_that_is_too_long),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
