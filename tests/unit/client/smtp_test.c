/* SPDX-License-Identifier: Apache-2.0 */
/* SMTP with a scripted server: what is sent, and the error codes of the answers. Covers smtp.c and
   smtp_connection.c. TLS and logins are tested with a real server by test_mail_transports.py. */
#include "client/smtp.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define MIME "From: a@b\r\nSubject: x\r\n\r\n.\r\n.dot\r\nend\r\n"

/* A server for one connection at a time. It gives `answer` to `command` and good answers to all
   other commands. The command "" is the greeting, "." the body; the answer NULL hangs up, "" is
   silence. */
struct server {
    int listener;
    int port;
    const char *command;
    const char *answer;
    const char *silent; /* a command that gets no answer; NULL: none */
    int nth;            /* `answer` is given only to the n-th such command; 0: to all */
    int met;            /* how many such commands have come */
    struct buffer seen; /* all bytes from clients; "(new)" at the beginning of a connection */
    pthread_t thread;
};

static const char *usual_answer(const char *command)
{
    if (command[0] == '\0')
        return "220 ready";
    if (text_equal(command, "EHLO"))
        return "250-ready\r\n250-SIZE 1000000\r\n250 AUTH PLAIN";
    if (text_equal(command, "AUTH"))
        return "334 ";
    return text_equal(command, "DATA") ? "354 go on" : "250 fine";
}

static bool is_scripted(struct server *server, const char *command)
{
    if (server->command == NULL || !text_equal(command, server->command))
        return false;
    server->met++;
    return server->nth == 0 || server->met == server->nth;
}

/* False if it hung up. *good: the answer was the usual one. */
static bool answer(struct server *server, FILE *stream, const char *command, bool *good)
{
    *good = !is_scripted(server, command);
    if (server->silent != NULL && text_equal(command, server->silent))
        return true;
    const char *text = *good ? usual_answer(command) : server->answer;
    return text != NULL &&
           (text[0] == '\0' || (fprintf(stream, "%s\r\n", text) > 0 && fflush(stream) == 0));
}

static void remember(struct server *server, const char *line)
{
    struct error error;
    assert_true(buffer_append_text(&server->seen, line, &error));
}

static void converse(struct server *server, FILE *stream)
{
    char line[1024];
    char command[8];
    bool in_body = false, good = false;
    bool going = answer(server, stream, "", &good);
    while (going && fgets(line, sizeof(line), stream) != NULL) {
        remember(server, line);
        if (in_body && !text_equal(line, ".\r\n"))
            continue;
        size_t length = strcspn(line, " :\r");
        memcpy(command, line, length < 7 ? length : 7);
        command[length < 7 ? length : 7] = '\0';
        going = answer(server, stream, in_body ? "." : command, &good);
        in_body = !in_body && good && text_equal(command, "DATA");
    }
}

static void *serve(void *argument)
{
    struct server *server = argument;
    int connection;
    while ((connection = accept(server->listener, NULL, NULL)) >= 0) {
        FILE *stream = fdopen(connection, "r+");
        if (stream == NULL)
            break;
        remember(server, "(new)\r\n");
        converse(server, stream);
        (void)fclose(stream);
    }
    return NULL;
}

static void start(struct server *server, const char *command, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    *server = (struct server){.command = command, .answer = text};
    buffer_init(&server->seen, 65536);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 4), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

/* Waits for the end of the server; closing the listener wakes a server that waits for a
   connection. */
static void finish(struct server *server)
{
    (void)shutdown(server->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    assert_int_equal(close(server->listener), 0);
}

static int count(const struct server *server, const char *text)
{
    int times = 0;
    for (const char *at = server->seen.data; (at = strstr(at, text)) != NULL; at++)
        times++;
    return times;
}

static struct smtp *client(const char *url, const atomic_bool *interrupted)
{
    struct smtp_server address;
    struct error error;
    if (!smtp_parse_url(url, &address, &error))
        fail_msg("%s: %s", url, error.message);
    struct smtp *smtp = smtp_new(&address, interrupted);
    assert_non_null(smtp);
    return smtp;
}

static struct smtp *client_of(const struct server *server)
{
    char url[128];
    (void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", server->port);
    return client(url, NULL);
}

static bool send_by(struct smtp *smtp, const char *recipient, struct error *error)
{
    const struct smtp_mail mail = {.sender = "exports@example.com",
                                   .recipient = recipient,
                                   .mime = MIME,
                                   .size = strlen(MIME)};
    return smtp_send(smtp, &mail, error);
}

static bool send_to(int port, const char *login, const char *recipient, struct error *error)
{
    char url[128];
    (void)snprintf(url, sizeof(url), "smtp://%s127.0.0.1:%d", login, port);
    struct smtp *smtp = client(url, NULL);
    bool done = send_by(smtp, recipient, error);
    smtp_free(smtp);
    return done;
}

static void test_a_mail(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    start(&server, NULL, NULL);
    if (!send_to(server.port, "", "ann@example.com", &error))
        fail_msg("%s", error.message);
    finish(&server);
    assert_true(text_starts_with(server.seen.data, "(new)\r\nEHLO "));
    assert_non_null(strstr(server.seen.data, "\r\nMAIL FROM:<exports@example.com> SIZE="));
    assert_non_null(strstr(server.seen.data, "\r\nRCPT TO:<ann@example.com>\r\nDATA\r\n"
                                             "From: a@b\r\nSubject: x\r\n\r\n"
                                             "..\r\n..dot\r\nend\r\n.\r\n"));
    assert_null(strstr(server.seen.data, "AUTH"));
    buffer_free(&server.seen);
}

static void check_judgement(const char *command, const char *text, const char *login,
                            enum error_code expected)
{
    struct server server;
    struct error error;
    start(&server, command, text);
    bool done = send_to(server.port, login, "ann@example.com", &error);
    finish(&server);
    if (done || error.code != expected)
        fail_msg("%s: %s -> %s: %s", command, text == NULL ? "hangs up" : text,
                 done ? "sent" : error_code_name(error.code), done ? "" : error.message);
    assert_null(strstr(error.message, "ann@"));
    assert_null(strstr(error.message, "secret"));
    buffer_free(&server.seen);
}

static void test_answers_to_the_mail(void **state)
{
    (void)state;
    static const char *const commands[] = {"MAIL", "RCPT", "DATA", "."};
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        bool recipient = text_equal(commands[i], "RCPT");
        bool body = text_equal(commands[i], ".");
        check_judgement(commands[i], "550 5.1.1 <ann@example.com> is unknown", "",
                        recipient ? ERROR_INVALID : ERROR_AWAY);
        check_judgement(commands[i], "554 5.6.0 bad", "", body ? ERROR_INVALID : ERROR_AWAY);
        check_judgement(commands[i], "554-several\r\n554 lines", "", ERROR_AWAY);
        check_judgement(commands[i], "554 5.7.1 <ann@example.com>: relay denied", "", ERROR_AWAY);
        check_judgement(commands[i], "504 5.5.2 <shop>: not a full name", "", ERROR_AWAY);
        check_judgement(commands[i], "451 4.7.1 greylisted", "", ERROR_AWAY);
        check_judgement(commands[i], "421 4.3.2 closing", "", ERROR_AWAY);
        check_judgement(commands[i], "530 5.7.0 authenticate first", "", ERROR_DENIED);
        check_judgement(commands[i], NULL, "", body ? ERROR_ANSWER : ERROR_AWAY);
        check_judgement(commands[i], "fine", "", body ? ERROR_ANSWER : ERROR_AWAY);
    }
    check_judgement(".", "354 more", "", ERROR_ANSWER);
}

/* Each code, in an answer of two lines. */
static void check_all(const char *command, const char *const *codes, size_t count,
                      enum error_code expected)
{
    char text[64];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(text, sizeof(text), "550-%s one\r\n550 %s two", codes[i], codes[i]);
        check_judgement(command, text, "", expected);
    }
}

/* Answers that concern only this recipient or this mail. */
static void test_final_answers(void **state)
{
    (void)state;
    static const char *const to_rcpt[] = {"5.1.0", "5.1.1",  "5.1.2", "5.1.3",
                                          "5.1.6", "5.1.10", "5.2.1"};
    static const char *const not_to_rcpt[] = {"5.1.4", "5.1.7", "5.1.8",  "5.1.11", "5.1.100",
                                              "5.2.2", "5.7.1", "5.2.10", "5.3.4",  "5.6.0"};
    static const char *const to_body[] = {"5.3.4", "5.6.0", "5.6.3", "5.6.10"};
    static const char *const not_to_body[] = {"5.1.1", "5.3.0", "5.3.40", "5.60.1", "5.7.0"};
    check_all("RCPT", to_rcpt, ARRAY_LENGTH(to_rcpt), ERROR_INVALID);
    check_all("RCPT", not_to_rcpt, ARRAY_LENGTH(not_to_rcpt), ERROR_AWAY);
    check_all(".", to_body, ARRAY_LENGTH(to_body), ERROR_INVALID);
    check_all(".", not_to_body, ARRAY_LENGTH(not_to_body), ERROR_AWAY);
    check_judgement("RCPT", "450 5.1.1 a code of another class", "", ERROR_AWAY);
    check_judgement("RCPT", "550", "", ERROR_AWAY);
}

static void test_the_words_of_the_server(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    start(&server, "RCPT",
          "550-5.7.1 <Ann@Example.com>: relay\r\n550-5.7.1 denied,\r\n550 sorry \xff");
    assert_false(send_to(server.port, "", "ann@example.com", &error));
    finish(&server);
    assert_string_equal(error.message, "the mail server refused the recipient: 550 5.7.1 <*>: "
                                       "relay denied, sorry ?");
    buffer_free(&server.seen);
    start(&server, "", "554 5.7.1 not from there");
    assert_false(send_to(server.port, "", "ann@example.com", &error));
    finish(&server);
    assert_string_equal(error.message,
                        "the mail server refused the connection: 554 5.7.1 not from there");
    buffer_free(&server.seen);
}

/* These are no fault of the mail, so it must not be given up. */
static void test_answers_to_the_connection(void **state)
{
    (void)state;
    check_judgement("", "554 no service", "", ERROR_AWAY);
    check_judgement("", "421 too many connections", "", ERROR_AWAY);
    check_judgement("", NULL, "", ERROR_AWAY);
    check_judgement("EHLO", NULL, "", ERROR_AWAY);
    check_judgement("AUTH", "535 5.7.8 wrong", "mailer:secret@", ERROR_DENIED);
    check_judgement("AUTH", "454 4.7.0 for now", "mailer:secret@", ERROR_DENIED);
    check_judgement("AUTH", NULL, "mailer:secret@", ERROR_AWAY);
}

static void test_no_server(void **state)
{
    (void)state;
    struct error error;
    assert_false(send_to(1, "", "ann@example.com", &error));
    assert_int_equal(error.code, ERROR_AWAY);
}

/* In libc's place: "two.example" has two addresses. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    static _Atomic(lookup *) real;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node == NULL || !text_equal(node, "two.example"))
        return real(node, service, hints, list);
    struct addrinfo *second = NULL;
    int failure = real("127.0.0.2", service, hints, list);
    failure = failure != 0 ? failure : real("127.0.0.1", service, hints, &second);
    if (failure == 0)
        (*list)->ai_next = second;
    return failure;
}

/* The first address takes no connection: its queue of them is full. */
static void test_a_host_with_two_addresses(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    char url[64];
    int waiting[4];
    start(&server, NULL, NULL);
    struct sockaddr_in deaf = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server.port)};
    assert_int_equal(inet_pton(AF_INET, "127.0.0.2", &deaf.sin_addr), 1);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&deaf, sizeof(deaf)), 0);
    assert_int_equal(listen(listener, 0), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(waiting); i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(waiting[i], (struct sockaddr *)&deaf, sizeof(deaf));
    }
    (void)snprintf(url, sizeof(url), "smtp://two.example:%d", server.port);
    struct smtp *smtp = client(url, NULL);
    if (!send_by(smtp, "ann@example.com", &error))
        fail_msg("%s", error.message);
    smtp_free(smtp);
    for (size_t i = 0; i < ARRAY_LENGTH(waiting); i++)
        assert_int_equal(close(waiting[i]), 0);
    assert_int_equal(close(listener), 0);
    finish(&server);
    assert_int_equal(count(&server, "(new)"), 1);
    buffer_free(&server.seen);
}

static void test_tls_is_not_dropped(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    char url[128];
    start(&server, NULL, NULL);
    (void)snprintf(url, sizeof(url), "smtp://mailer:secret@127.0.0.1:%d?starttls=required",
                   server.port);
    struct smtp *smtp = client(url, NULL);
    assert_false(send_by(smtp, "ann@example.com", &error));
    assert_int_equal(error.code, ERROR_DENIED);
    smtp_free(smtp);
    finish(&server);
    assert_null(strstr(server.seen.data, "AUTH"));
    assert_null(strstr(server.seen.data, "MAIL"));
    buffer_free(&server.seen);
}

static void *set_soon(void *interrupted)
{
    clock_sleep_ms(300);
    atomic_store((atomic_bool *)interrupted, true);
    return NULL;
}

/* The kernel accepts the connection, but no server speaks. */
static void test_an_interrupted_mail(void **state)
{
    (void)state;
    struct error error;
    char url[128];
    pthread_t thread;
    atomic_bool interrupted = false;
    struct sockaddr_in silent = {.sin_family = AF_INET,
                                 .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(silent);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&silent, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&silent, &size), 0);
    (void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", ntohs(silent.sin_port));
    struct smtp *smtp = client(url, &interrupted);
    assert_int_equal(pthread_create(&thread, NULL, set_soon, &interrupted), 0);
    int64_t began = clock_monotonic_ms();
    assert_false(send_by(smtp, "ann@example.com", &error));
    int64_t took = clock_monotonic_ms() - began;
    (void)pthread_join(thread, NULL);
    smtp_free(smtp);
    (void)close(listener);
    assert_int_equal(error.code, ERROR_STOPPED);
    assert_true(took >= 300 && took < 3000);
}

static void test_addresses_that_would_be_commands(void **state)
{
    (void)state;
    static const char *const bad[] = {"",       "a@b\r\nRCPT TO:<eve@x", "a@b\nX", "a@b> X", "<a@b",
                                      "a@b\x7f"};
    char long_one[300];
    struct error error;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_false(send_to(1, "", bad[i], &error));
        assert_int_equal(error.code, ERROR_INVALID);
    }
    memset(long_one, 'a', sizeof(long_one));
    long_one[sizeof(long_one) - 1] = '\0';
    assert_false(send_to(1, "", long_one, &error));
    assert_int_equal(error.code, ERROR_INVALID);
}

static void test_probe(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    start(&server, NULL, NULL);
    struct smtp *smtp = client_of(&server);
    assert_true(smtp_probe(smtp, "exports@example.com", &error));
    finish(&server);
    assert_non_null(strstr(server.seen.data, "\r\nMAIL FROM:<exports@example.com>\r\n"
                                             "RCPT TO:<exports@example.com>\r\nRSET\r\nQUIT\r\n"));
    buffer_free(&server.seen);
    assert_false(smtp_probe(smtp, "exports@example.com", &error));
    assert_int_equal(error.code, ERROR_AWAY);
    smtp_free(smtp);
}

static void check_probe(const char *command, const char *text, bool fine)
{
    struct server server;
    struct error error;
    start(&server, command, text);
    struct smtp *smtp = client_of(&server);
    bool done = smtp_probe(smtp, "exports@example.com", &error);
    finish(&server);
    if (done != fine)
        fail_msg("%s -> %s: %s", command, text, done ? "fine" : error.message);
    if (!done) {
        assert_non_null(strstr(error.message, text));
        assert_int_equal(error.code, text[0] == '5' ? ERROR_DENIED : ERROR_AWAY);
    }
    smtp_free(smtp);
    buffer_free(&server.seen);
}

static void test_a_probe_tries_the_addresses(void **state)
{
    (void)state;
    check_probe("MAIL", "553 5.7.1 sender address not owned", false);
    check_probe("RCPT", "554 5.7.1 relay access denied", false);
    check_probe("RCPT", "504 5.5.2 need a full name", false);
    check_probe("RCPT", "450 4.2.0 greylisted", false);
    check_probe("RCPT", "550 5.1.1 no such mailbox", true);
}

static void test_the_name_for_ehlo(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    struct smtp_server address;
    char url[64];
    start(&server, NULL, NULL);
    (void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", server.port);
    assert_true(smtp_parse_url(url, &address, &error));
    (void)snprintf(address.hello, sizeof(address.hello), "[192.0.2.7]");
    struct smtp *smtp = smtp_new(&address, NULL);
    assert_non_null(smtp);
    assert_true(send_by(smtp, "ann@example.com", &error));
    smtp_free(smtp);
    finish(&server);
    assert_true(text_starts_with(server.seen.data, "(new)\r\nEHLO [192.0.2.7]\r\n"));
    buffer_free(&server.seen);
}

static void test_a_server_that_knows_utf8(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    start(&server, "EHLO", "250-ready\r\n250 SMTPUTF8");
    assert_true(send_to(server.port, "", "ann@m\xc3\xbcller.example", &error));
    finish(&server);
    assert_non_null(strstr(server.seen.data, "\r\nMAIL FROM:<exports@example.com> SMTPUTF8\r\n"
                                             "RCPT TO:<ann@m\xc3\xbcller.example>\r\n"));
    buffer_free(&server.seen);
}

/* ---- the connection between mails ---- */

static void test_a_connection_is_kept(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    start(&server, NULL, NULL);
    struct smtp *smtp = client_of(&server);
    for (int i = 0; i < 3; i++)
        assert_true(send_by(smtp, "ann@example.com", &error));
    smtp_rest(smtp);
    smtp_rest(smtp);
    assert_true(send_by(smtp, "ann@example.com", &error));
    smtp_free(smtp);
    finish(&server);
    assert_int_equal(count(&server, "(new)"), 2);
    assert_int_equal(count(&server, "QUIT"), 2);
    assert_int_equal(count(&server, "\r\n.\r\n"), 4);
    buffer_free(&server.seen);
}

/* Sends two mails. During the second, the server answers `text` to `command`. */
static void check_second_mail(const char *command, const char *text, bool sent, int connections)
{
    struct server server;
    struct error error;
    start(&server, command, text);
    server.nth = 2;
    struct smtp *smtp = client_of(&server);
    assert_true(send_by(smtp, "ann@example.com", &error));
    bool done = send_by(smtp, "ann@example.com", &error);
    smtp_free(smtp);
    finish(&server);
    if (done != sent || count(&server, "(new)") != connections)
        fail_msg("%s -> %s: %s, %d connections", command, text == NULL ? "hangs up" : text,
                 done ? "sent" : error.message, count(&server, "(new)"));
    buffer_free(&server.seen);
}

/* A failure of the kept connection does not fail the mail. */
static void test_a_kept_connection_fails(void **state)
{
    (void)state;
    static const char *const commands[] = {"MAIL", "RCPT", "DATA", "."};
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        check_second_mail(commands[i], "421 4.7.0 too many mails on this connection", true, 2);
        check_second_mail(commands[i], "550 5.7.1 too many mails on this connection", true, 2);
    }
    check_second_mail("MAIL", NULL, true, 2);
    check_second_mail("RCPT", NULL, true, 2);
    check_second_mail("DATA", NULL, true, 2);
    check_second_mail(".", NULL, false, 1); /* the server may have taken it */
}

static void test_a_kept_connection_was_closed(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    start(&server, ".", "250 fine\r\n421 4.4.2 idle for too long");
    struct smtp *smtp = client_of(&server);
    assert_true(send_by(smtp, "ann@example.com", &error));
    assert_true(send_by(smtp, "ann@example.com", &error));
    smtp_free(smtp);
    finish(&server);
    assert_int_equal(count(&server, "\r\n.\r\n"), 2);
    buffer_free(&server.seen);
}

/* A server that refuses the mail does not answer to QUIT either. */
static void test_a_refusal_and_no_answer_to_quit(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    start(&server, "RCPT", "550 5.1.1 unknown");
    server.silent = "QUIT";
    struct smtp *smtp = client_of(&server);
    int64_t began = clock_monotonic_ms();
    assert_false(send_by(smtp, "ann@example.com", &error));
    assert_true(clock_monotonic_ms() - began < 10000);
    assert_int_equal(error.code, ERROR_INVALID);
    smtp_free(smtp);
    finish(&server);
    buffer_free(&server.seen);
}

static void test_no_answer_to_quit(void **state)
{
    (void)state;
    struct server server;
    struct error error;
    start(&server, "QUIT", "");
    struct smtp *smtp = client_of(&server);
    assert_true(send_by(smtp, "ann@example.com", &error));
    int64_t began = clock_monotonic_ms();
    smtp_free(smtp);
    assert_true(clock_monotonic_ms() - began < 15000);
    finish(&server);
    assert_int_equal(count(&server, "QUIT"), 1);
    buffer_free(&server.seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mail),
        cmocka_unit_test(test_answers_to_the_mail),
        cmocka_unit_test(test_answers_to_the_connection),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_a_host_with_two_addresses),
        cmocka_unit_test(test_tls_is_not_dropped),
        cmocka_unit_test(test_an_interrupted_mail),
        cmocka_unit_test(test_addresses_that_would_be_commands),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_a_probe_tries_the_addresses),
        cmocka_unit_test(test_the_name_for_ehlo),
        cmocka_unit_test(test_a_server_that_knows_utf8),
        cmocka_unit_test(test_final_answers),
        cmocka_unit_test(test_the_words_of_the_server),
        cmocka_unit_test(test_a_connection_is_kept),
        cmocka_unit_test(test_a_kept_connection_fails),
        cmocka_unit_test(test_a_kept_connection_was_closed),
        cmocka_unit_test(test_no_answer_to_quit),
        cmocka_unit_test(test_a_refusal_and_no_answer_to_quit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
