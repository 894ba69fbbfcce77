/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent, to a socket of the test's own. */
#include "client/statsd.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/statsd_XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int server = -1; /* on the Unix socket */

static void bind_server(void)
{
    server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void close_server(void)
{
    (void)close(server);
    (void)unlink(address.sun_path);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder);
}

static const char *receive_from(int fd)
{
    static char text[1024];
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 10000), 1);
    ssize_t size = recv(fd, text, sizeof(text) - 1, 0);
    assert_true(size >= 0);
    text[size] = '\0';
    return text;
}

static struct statsd open_to(const char *options)
{
    char url[256];
    struct statsd statsd;
    (void)snprintf(url, sizeof(url), "unixgram://%s%s", address.sun_path, options);
    statsd_open(&statsd, url);
    assert_true(statsd.fd >= 0);
    return statsd;
}

static const struct statsd_name end = {"dataexport.end", "instance", "success"};
static const struct statsd_name enqueue = {"dataexport.enqueue", "query_type", "Discover"};
static const struct statsd_name start = {.name = "dataexport.start"};

static void a_statsd_gets_the_instance_in_the_name(void **state)
{
    (void)state;
    bind_server();
    struct statsd statsd = open_to("");
    statsd_count(&statsd, &start);
    assert_string_equal(receive_from(server), "sentry.dataexport.start:1|c");
    statsd_count(&statsd, &end);
    assert_string_equal(receive_from(server), "sentry.dataexport.end.success:1|c");
    statsd_count(&statsd, &enqueue);
    assert_string_equal(receive_from(server), "sentry.dataexport.enqueue:1|c");
    statsd_time(&statsd, "dataexport.duration", 1500);
    assert_string_equal(receive_from(server), "sentry.dataexport.duration:1500|ms");
    statsd_close(&statsd);
    close_server();
}

static void a_dogstatsd_gets_tags(void **state)
{
    (void)state;
    bind_server();
    struct statsd statsd = open_to("?tags=datadog");
    statsd_count(&statsd, &start);
    assert_string_equal(receive_from(server), "sentry.dataexport.start:1|c");
    statsd_count(&statsd, &end);
    assert_string_equal(receive_from(server), "sentry.dataexport.end:1|c|#instance:success");
    statsd_count(&statsd, &enqueue);
    assert_string_equal(receive_from(server), "sentry.dataexport.enqueue:1|c|#query_type:Discover");
    statsd_close(&statsd);
    close_server();
}

static void udp_on_loopback(void **state)
{
    struct sockaddr_in bound = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(bound);
    struct statsd statsd;
    char url[64];
    (void)state;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&bound, sizeof(bound)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &size), 0);
    (void)snprintf(url, sizeof(url), "udp://localhost:%d", ntohs(bound.sin_port));
    statsd_open(&statsd, url);
    assert_true(statsd.fd >= 0);
    statsd_count(&statsd, &start);
    assert_string_equal(receive_from(fd), "sentry.dataexport.start:1|c");
    statsd_close(&statsd);
    (void)close(fd);
}

/* No server, one that does not read, and one that comes later. */
static void nothing_waits_and_nothing_fails(void **state)
{
    (void)state;
    struct statsd statsd = open_to("");
    statsd_count(&statsd, &start);
    bind_server();
    for (int i = 0; i < 10000; i++)
        statsd_count(&statsd, &start);
    assert_string_equal(receive_from(server), "sentry.dataexport.start:1|c");
    close_server();
    statsd_count(&statsd, &start);
    bind_server();
    statsd_count(&statsd, &end);
    assert_string_equal(receive_from(server), "sentry.dataexport.end.success:1|c");
    close_server();
    statsd_close(&statsd);
    statsd_count(&statsd, &start);
}

static void without_the_setting_nothing_is_sent(void **state)
{
    struct statsd statsd;
    (void)state;
    statsd_open(&statsd, "");
    assert_int_equal(statsd.fd, -1);
    statsd_count(&statsd, &start);
    statsd_close(&statsd);
    statsd_open(&statsd, "udp://host.invalid");
    assert_int_equal(statsd.fd, -1);
    statsd_count(&statsd, &start);
}

static void urls(void **state)
{
    static const char *const right[] = {
        "udp://127.0.0.1",        "udp://[::1]:9125",       "udp://h/",
        "unixgram:///run/statsd", "udp://h:1?tags=datadog", "unixgram:///p?tags=datadog"};
    static const char *const wrong[] = {"udp://", "udp://h/path", "udp://h?tags=on",
                                        "udp://h?tag=x", "udp://h:0"};
    char url[256];
    struct error error;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(right); i++)
        if (!statsd_check_url(right[i], &error))
            fail_msg("%s: %s", right[i], error.message);
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        if (statsd_check_url(wrong[i], &error))
            fail_msg("%s is accepted", wrong[i]);
        assert_int_equal(error.code, ERROR_USAGE);
    }
    (void)snprintf(url, sizeof(url), "unixgram:///%0107d", 0);
    assert_false(statsd_check_url(url, &error));
    (void)snprintf(url, sizeof(url), "unixgram:///%0106d", 0);
    assert_true(statsd_check_url(url, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statsd_gets_the_instance_in_the_name),
        cmocka_unit_test(a_dogstatsd_gets_tags),
        cmocka_unit_test(udp_on_loopback),
        cmocka_unit_test(nothing_waits_and_nothing_fails),
        cmocka_unit_test(without_the_setting_nothing_is_sent),
        cmocka_unit_test(urls),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
