/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct listen_address address;

/* "address port" as the system prints it. */
static const char *parsed(const char *text)
{
    static char shown[INET6_ADDRSTRLEN + 8];
    char host[INET6_ADDRSTRLEN];
    struct error error;
    if (!listen_address_parse(text, &address, &error)) {
        assert_int_equal(error.code, ERROR_USAGE);
        return "refused";
    }
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address.socket.network;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address.socket.network;
    if (address.family == AF_UNIX)
        return address.socket.local.sun_path;
    const void *bytes = address.family == AF_INET ? (const void *)&four->sin_addr : &six->sin6_addr;
    int port = ntohs(address.family == AF_INET ? four->sin_port : six->sin6_port);
    assert_non_null(inet_ntop(address.family, bytes, host, sizeof(host)));
    (void)snprintf(shown, sizeof(shown), "%s %d", host, port);
    return shown;
}

static void addresses_and_ports(void **state)
{
    (void)state;
    assert_string_equal(parsed("9108"), "127.0.0.1 9108");
    assert_string_equal(parsed("localhost:1"), "127.0.0.1 1");
    assert_string_equal(parsed("0.0.0.0:65535"), "0.0.0.0 65535");
    assert_string_equal(parsed("[::1]:9108"), "::1 9108");
    assert_string_equal(parsed("[::]:9108"), ":: 9108");
    assert_string_equal(parsed("/run/exportd/metrics"), "/run/exportd/metrics");
}

static void other_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "",          ":",           ":9108",        "0",        "65536",          "-1",
        "9108x",     "1.2.3.4",     "1.2.3.4:",     "::1:9108", "[]:9108",        "[::1:9108",
        "::1]:9108", "1.2.3.4:0",   "1.2.3:4:9108", "a.b:9108", "example.com:80", " 1.2.3.4:80",
        "relative",  "1.2.3.4: 80", "[1.2.3.4:80",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        if (strcmp(parsed(texts[i]), "refused") != 0)
            fail_msg("'%s' is %s", texts[i], parsed(texts[i]));
}

static void a_path_has_a_bound(void **state)
{
    char path[200];
    (void)state;
    memset(path, 'x', sizeof(path));
    path[0] = '/';
    path[107] = '\0';
    assert_string_equal(parsed(path), path);
    path[107] = 'x';
    path[108] = '\0';
    assert_string_equal(parsed(path), "refused");
}

/* ---- Unix sockets ---- */

static char folder[] = "/tmp/listen_XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/socket", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void a_unix_socket_comes_and_goes(void **state)
{
    struct error error;
    int fd = -1;
    (void)state;
    (void)parsed(path);
    assert_true(listen_address_open(&address, &fd, &error));
    assert_int_equal(access(path, F_OK), 0);
    listen_address_close(&address, fd);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_unix_socket_in_use_is_kept(void **state)
{
    struct error error;
    int fd = -1;
    int second = -1;
    (void)state;
    (void)parsed(path);
    assert_true(listen_address_open(&address, &fd, &error));
    assert_false(listen_address_open(&address, &second, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_int_equal(second, -1);
    assert_int_equal(access(path, F_OK), 0);
    listen_address_close(&address, fd);
}

static void the_file_of_a_dead_process_is_replaced(void **state)
{
    struct error error;
    int fd = -1;
    (void)state;
    (void)parsed(path);
    assert_true(listen_address_open(&address, &fd, &error));
    (void)close(fd);
    assert_int_equal(access(path, F_OK), 0);
    assert_true(listen_address_open(&address, &fd, &error));
    listen_address_close(&address, fd);
}

static void another_file_is_not_replaced(void **state)
{
    struct error error;
    int fd = -1;
    (void)state;
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fclose(file);
    (void)parsed(path);
    assert_false(listen_address_open(&address, &fd, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);
}

static void a_port_in_use_is_a_conflict(void **state)
{
    struct error error;
    int fd = -1;
    int second = -1;
    struct sockaddr_in bound = {.sin_family = AF_INET};
    socklen_t size = sizeof(bound);
    char text[32];
    (void)state;
    (void)parsed("127.0.0.1:1");
    ((struct sockaddr_in *)&address.socket.network)->sin_port = 0;
    assert_true(listen_address_open(&address, &fd, &error));
    assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &size), 0);
    (void)snprintf(text, sizeof(text), "%d", ntohs(bound.sin_port));
    (void)parsed(text);
    assert_false(listen_address_open(&address, &second, &error));
    assert_int_equal(error.code, ERROR_CONFLICT);
    listen_address_close(&address, fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_ports),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(a_path_has_a_bound),
        cmocka_unit_test(a_unix_socket_comes_and_goes),
        cmocka_unit_test(a_unix_socket_in_use_is_kept),
        cmocka_unit_test(the_file_of_a_dead_process_is_replaced),
        cmocka_unit_test(another_file_is_not_replaced),
        cmocka_unit_test(a_port_in_use_is_a_conflict),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
