/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd receives, with the test as systemd: it reads the socket that NOTIFY_SOCKET names. */
#include "worker/notify.h"

#include "base/clock.h"

#include <stddef.h>

#include "log_capture.h"

struct systemd {
    int fd;
    char folder[64];
    char name[96]; /* as in NOTIFY_SOCKET */
};

static void listen_at(struct systemd *systemd, bool abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    systemd->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(systemd->fd >= 0);
    (void)snprintf(systemd->name, sizeof(systemd->name), "%s%s/notify", abstract ? "@" : "",
                   systemd->folder);
    size_t length = strlen(systemd->name);
    memcpy(address.sun_path, systemd->name, length);
    if (abstract)
        address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + !abstract);
    assert_int_equal(bind(systemd->fd, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", systemd->name, 1), 0);
}

/* The next message; "" if there is none. */
static const char *receive(const struct systemd *systemd)
{
    static char text[256];
    ssize_t size = recv(systemd->fd, text, sizeof(text) - 1, 0);
    text[size < 0 ? 0 : size] = '\0';
    return text;
}

static int set_up(void **state)
{
    static struct systemd systemd;
    systemd = (struct systemd){.fd = -1, .folder = "/tmp/notify_test_XXXXXX"};
    assert_non_null(mkdtemp(systemd.folder));
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    *state = &systemd;
    return 0;
}

static int tear_down(void **state)
{
    struct systemd *systemd = *state;
    char path[96];
    if (systemd->fd >= 0)
        (void)close(systemd->fd);
    (void)snprintf(path, sizeof(path), "%s/notify", systemd->folder);
    (void)unlink(path);
    return rmdir(systemd->folder);
}

static void expect_messages(struct systemd *systemd)
{
    struct notify notify;
    notify_open(&notify);
    notify_send(&notify, "READY=1");
    notify_send(&notify, "STOPPING=1");
    assert_string_equal(receive(systemd), "READY=1");
    assert_string_equal(receive(systemd), "STOPPING=1");
    notify_close(&notify);
    notify_send(&notify, "READY=1");
    assert_string_equal(receive(systemd), "");
}

static void test_a_path(void **state)
{
    struct systemd *systemd = *state;
    listen_at(systemd, false);
    expect_messages(systemd);
}

static void test_an_abstract_name(void **state)
{
    struct systemd *systemd = *state;
    listen_at(systemd, true);
    expect_messages(systemd);
}

static void test_systemd_has_not_asked(void **state)
{
    (void)state;
    static const char *const sockets[] = {NULL, ""};
    for (size_t i = 0; i < ARRAY_LENGTH(sockets); i++) {
        struct notify notify;
        if (sockets[i] != NULL)
            (void)setenv("NOTIFY_SOCKET", sockets[i], 1);
        capture_log();
        notify_open(&notify);
        assert_int_equal(notify.fd, -1);
        notify_send(&notify, "READY=1");
        notify_alive(&notify, "taking jobs");
        notify_close(&notify);
        assert_string_equal(end_capture(), "");
    }
}

/* A socket that cannot be used is a warning, and nothing is sent. */
static void test_useless_sockets(void **state)
{
    (void)state;
    char longest[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    const char *const sockets[] = {"notify", "/", "@", "vsock:2:1234", longest};
    for (size_t i = 0; i < ARRAY_LENGTH(sockets); i++) {
        struct notify notify;
        (void)setenv("NOTIFY_SOCKET", sockets[i], 1);
        capture_log();
        notify_open(&notify);
        assert_int_equal(count_event(end_capture(), "worker.no-notification"), 1);
        assert_int_equal(notify.fd, -1);
        notify_send(&notify, "READY=1");
        notify_close(&notify);
    }
}

static void test_the_interval(void **state)
{
    static const struct {
        const char *usec, *pid; /* pid "": this process */
        int64_t interval_ms;
    } cases[] = {
        {NULL, NULL, 0},         {"30000000", NULL, 15000},
        {"30000000", "", 15000}, {"30000000", "1", 0},
        {"30000000", "x", 0},    {"2000", NULL, 1},
        {"1500", NULL, 1},       {"1", NULL, 1},
        {"0", NULL, 0},          {"-1", NULL, 0},
        {"soon", NULL, 0},       {"", NULL, 0},
    };
    listen_at(*state, false);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct notify notify;
        char own[16];
        (void)snprintf(own, sizeof(own), "%d", (int)getpid());
        (void)unsetenv("WATCHDOG_USEC");
        (void)unsetenv("WATCHDOG_PID");
        if (cases[i].usec != NULL)
            (void)setenv("WATCHDOG_USEC", cases[i].usec, 1);
        if (cases[i].pid != NULL)
            (void)setenv("WATCHDOG_PID", cases[i].pid[0] == '\0' ? own : cases[i].pid, 1);
        notify_open(&notify);
        if (notify.interval_ms != cases[i].interval_ms)
            fail_msg("case %zu: %" PRId64, i, notify.interval_ms);
        notify_close(&notify);
    }
}

/* The status is sent when it has changed, and a sign of life when it is due. */
static void test_alive(void **state)
{
    struct systemd *systemd = *state;
    struct notify notify;
    listen_at(systemd, false);
    (void)setenv("WATCHDOG_USEC", "20000000", 1);
    notify_open(&notify);
    notify_alive(&notify, "taking jobs, 0 jobs running");
    assert_string_equal(receive(systemd), "STATUS=taking jobs, 0 jobs running");
    assert_string_equal(receive(systemd), "WATCHDOG=1");
    notify_alive(&notify, "taking jobs, 0 jobs running");
    assert_string_equal(receive(systemd), "");
    notify_alive(&notify, "taking jobs, 1 job running");
    assert_string_equal(receive(systemd), "STATUS=taking jobs, 1 job running");
    assert_string_equal(receive(systemd), "");
    assert_in_range(notify.next_ms, clock_monotonic_ms() + 1, clock_monotonic_ms() + 10000);
    notify.next_ms = clock_monotonic_ms();
    notify_alive(&notify, "taking jobs, 1 job running");
    assert_string_equal(receive(systemd), "WATCHDOG=1");
    notify_close(&notify);
}

static void test_no_signs_of_life_are_wanted(void **state)
{
    struct systemd *systemd = *state;
    struct notify notify;
    listen_at(systemd, false);
    notify_open(&notify);
    notify_alive(&notify, "stopping");
    assert_string_equal(receive(systemd), "STATUS=stopping");
    assert_string_equal(receive(systemd), "");
    notify_close(&notify);
}

/* Nothing reads the socket, and its queue is full: no message holds up the worker. */
static void test_systemd_does_not_read(void **state)
{
    struct systemd *systemd = *state;
    struct notify notify;
    int64_t since = clock_monotonic_ms();
    listen_at(systemd, false);
    notify_open(&notify);
    for (int i = 0; i < 5000; i++)
        notify_send(&notify, "WATCHDOG=1");
    assert_in_range(clock_monotonic_ms() - since, 0, 20000);
    assert_string_equal(receive(systemd), "WATCHDOG=1");
    notify_close(&notify);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_path),
        TEST(test_an_abstract_name),
        TEST(test_systemd_has_not_asked),
        TEST(test_useless_sockets),
        TEST(test_the_interval),
        TEST(test_alive),
        TEST(test_no_signs_of_life_are_wanted),
        TEST(test_systemd_does_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
