/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/listener.h"

#include "base/clock.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 40 }; /* more connections than it has at once */

static char folder[] = "/tmp/listener_XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct listener *listener;

static bool answer_hello(void *context, struct listen_answer *answer, struct error *error)
{
    return buffer_append_text(&answer->body, context, error);
}

static bool answer_badly(void *context, struct listen_answer *answer, struct error *error)
{
    (void)context;
    (void)answer;
    return error_no_memory(error);
}

static const struct listen_route routes[] = {
    {"/hello", answer_hello}, {"/bad", answer_badly}, {.path = NULL}};

static int open_listener(void **state)
{
    struct error error;
    static char text[] = "hello\n";
    const struct listen_options options = {
        .address = address.sun_path, .routes = routes, .context = text};
    (void)state;
    return listener_open(&options, &listener, &error) ? 0 : -1;
}

static int set_up(void **state)
{
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
    return open_listener(state);
}

static int tear_down(void **state)
{
    (void)state;
    listener_close(listener);
    return rmdir(folder);
}

static int connect_to_it(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void send_text(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* What comes until the connection ends. */
static const char *receive(int fd)
{
    static char text[64 * 1024];
    size_t size = 0;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (size < sizeof(text) - 1 && poll(&ready, 1, 30000) > 0) {
        ssize_t got = recv(fd, text + size, sizeof(text) - 1 - size, 0);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    text[size] = '\0';
    (void)close(fd);
    return text;
}

static const char *ask(const char *request)
{
    int fd = connect_to_it();
    send_text(fd, request);
    return receive(fd);
}

static void assert_starts(const char *answer, const char *start)
{
    if (strncmp(answer, start, strlen(start)) != 0)
        fail_msg("not '%s': %.200s", start, answer);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static void assert_well(void)
{
    const char *answer = ask(GET("/hello"));
    assert_starts(answer, "HTTP/1.1 200 OK\r\n");
    assert_non_null(strstr(answer, "\r\n\r\nhello\n"));
}

static void pages_are_found_by_their_path(void **state)
{
    (void)state;
    assert_well();
    assert_well();
    assert_non_null(strstr(ask(GET("/hello?x=1")), "\r\n\r\nhello\n"));
    assert_starts(ask(GET("/")), "HTTP/1.1 404 ");
    assert_starts(ask(GET("/hello/")), "HTTP/1.1 404 ");
    assert_starts(ask(GET("/hello%2f")), "HTTP/1.1 404 ");
    assert_starts(ask(GET("/bad")), "HTTP/1.1 500 ");
}

static void head_has_no_body(void **state)
{
    (void)state;
    const char *answer = ask("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_starts(answer, "HTTP/1.1 200 OK\r\n");
    assert_non_null(strstr(answer, "Content-Length: 6\r\n"));
    assert_null(strstr(answer, "hello"));
}

static void other_methods_are_refused(void **state)
{
    (void)state;
    const char *answer =
        ask("POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc");
    assert_starts(answer, "HTTP/1.1 405 ");
    assert_non_null(strstr(answer, "Allow: GET, HEAD\r\n"));
    assert_starts(ask("DELETE /hello HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 405 ");
    assert_starts(ask("PUT /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
                  "HTTP/1.1 404 ");
}

static void a_connection_has_one_answer(void **state)
{
    (void)state;
    const char *answer = ask(GET("/hello") GET("/hello"));
    const char *body = strstr(answer, "\r\n\r\nhello\n");
    assert_non_null(body);
    assert_non_null(strstr(answer, "Connection: close\r\n"));
    assert_int_equal(strlen(body), strlen("\r\n\r\nhello\n"));
}

static void garbage_is_refused(void **state)
{
    static char header[100 * 1024];
    (void)state;
    assert_null(strstr(ask("\x16\x03\x01\x02garbage\r\n\r\n"), "200 OK"));
    assert_null(strstr(ask("GET\r\n\r\n"), "200 OK"));
    (void)snprintf(header, sizeof(header), "GET /hello HTTP/1.1\r\nHost: x\r\nLong: ");
    size_t size = strlen(header);
    memset(header + size, 'x', sizeof(header) - 1 - size);
    assert_null(strstr(ask(header), "200 OK"));
    assert_well();
}

/* All connections are taken by clients that send nothing, or a byte now and then. */
static void slow_clients_are_cut_off(void **state)
{
    int slow[MANY];
    (void)state;
    int64_t began_ms = clock_monotonic_ms();
    for (size_t i = 0; i < MANY; i++) {
        slow[i] = connect_to_it();
        if (i % 2 == 0)
            send_text(slow[i], "GET /hello HTTP/1.1\r\n");
        if (i == MANY / 2)
            clock_sleep_ms(100);
    }
    int fd = connect_to_it();
    send_text(fd, GET("/hello"));
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (poll(&ready, 1, 200) == 0 && clock_monotonic_ms() - began_ms < 60000)
        for (size_t i = 0; i < MANY; i++)
            send_text(slow[i], "x");
    assert_starts(receive(fd), "HTTP/1.1 200 OK\r\n");
    for (size_t i = 0; i < MANY; i++)
        (void)close(slow[i]);
    assert_well();
}

static void clients_that_vanish_do_no_harm(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++) {
        int fd = connect_to_it();
        send_text(fd, i % 2 == 0 ? GET("/hello") : "GET /hel");
        (void)close(fd);
    }
    assert_well();
}

static atomic_int caught;

static void catch_signal(int number)
{
    (void)number;
    atomic_fetch_add(&caught, 1);
}

/* A signal that the main thread blocks stays pending: the listener's thread does not take it. */
static void signals_do_not_go_to_its_thread(void **state)
{
    sigset_t set;
    const struct timespec no_time = {.tv_sec = 0};
    const struct sigaction action = {.sa_handler = catch_signal};
    (void)state;
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_well();
    assert_int_equal(atomic_load(&caught), 0);
    assert_int_equal(sigtimedwait(&set, NULL, &no_time), SIGTERM);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void it_closes_with_connections_open(void **state)
{
    int fd = connect_to_it();
    send_text(fd, "GET /hel");
    int64_t began_ms = clock_monotonic_ms();
    listener_close(listener);
    assert_true(clock_monotonic_ms() - began_ms < 3000);
    assert_string_equal(receive(fd), "");
    assert_int_equal(access(address.sun_path, F_OK), -1);
    assert_int_equal(open_listener(state), 0);
    assert_well();
}

static void an_address_in_use_is_an_error(void **state)
{
    struct listener *second = NULL;
    struct error error;
    const struct listen_options options = {.address = address.sun_path, .routes = routes};
    (void)state;
    assert_false(listener_open(&options, &second, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_null(second);
    assert_well();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_found_by_their_path),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(other_methods_are_refused),
        cmocka_unit_test(a_connection_has_one_answer),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(slow_clients_are_cut_off),
        cmocka_unit_test(clients_that_vanish_do_no_harm),
        cmocka_unit_test(signals_do_not_go_to_its_thread),
        cmocka_unit_test(it_closes_with_connections_open),
        cmocka_unit_test(an_address_in_use_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
