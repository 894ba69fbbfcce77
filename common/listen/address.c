/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/address.h"

#include "base/text.h"

#include <errno.h>
#include <netdb.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 64, HOST_MAX = 64 };

/* ---- the text ---- */

static bool parse_path(const char *path, struct listen_address *address, struct error *error)
{
    address->family = address->socket.local.sun_family = AF_UNIX;
    address->size = sizeof(address->socket.local);
    return text_copy(address->socket.local.sun_path, sizeof(address->socket.local.sun_path),
                     path) ||
           error_set(error, ERROR_USAGE, "the path of a Unix socket has at most %zu bytes",
                     sizeof(address->socket.local.sun_path) - 1);
}

/* The part before the port, without the brackets of an IPv6 address. */
static bool copy_host(const char *text, const char *colon, char host[HOST_MAX])
{
    size_t size = (size_t)(colon - text);
    bool bracketed = size > 2 && text[0] == '[' && text[size - 1] == ']';
    if (bracketed) {
        text++;
        size -= 2;
    }
    if (size == 0 || size >= HOST_MAX || (!bracketed && memchr(text, ':', size) != NULL))
        return false;
    (void)snprintf(host, HOST_MAX, "%.*s", (int)size, text);
    return true;
}

/* Only loopback has a name that needs no look-up. */
static bool resolve_host(const char *host, const char *port, struct listen_address *address)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(text_equal(host, "localhost") ? "127.0.0.1" : host, port, &hints, &found) != 0)
        return false;
    address->family = found->ai_family;
    address->size = found->ai_addrlen;
    memcpy(&address->socket.network, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

bool listen_address_parse(const char *text, struct listen_address *address, struct error *error)
{
    char host[HOST_MAX] = "127.0.0.1";
    int64_t port = 0;
    *address = (struct listen_address){.size = 0};
    if (text[0] == '/')
        return parse_path(text, address, error);
    const char *colon = strrchr(text, ':');
    const char *digits = colon == NULL ? text : colon + 1;
    bool done = text_to_int64(digits, 1, 65535, &port) &&
                (colon == NULL || copy_host(text, colon, host)) &&
                resolve_host(host, digits, address);
    return done || error_set(error, ERROR_USAGE,
                             "not of the form ADDRESS:PORT, [ADDRESS]:PORT or PORT with a numeric "
                             "address, nor an absolute path");
}

/* ---- the socket ---- */

/* Whether a process listens on the Unix socket. */
static bool is_served(const struct listen_address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused =
        fd >= 0 && connect(fd, &address->socket.any, address->size) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        (void)close(fd);
    return !refused;
}

/* The file of a process that was killed. Anything else stays. */
static void remove_stale_socket(const struct listen_address *address)
{
    struct stat found;
    const char *path = address->socket.local.sun_path;
    if (lstat(path, &found) == 0 && S_ISSOCK(found.st_mode) && !is_served(address))
        (void)unlink(path);
}

static bool bind_and_listen(const struct listen_address *address, int fd)
{
    const int on = 1;
    if (address->family != AF_UNIX)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    return bind(fd, &address->socket.any, address->size) == 0 && listen(fd, BACKLOG) == 0;
}

bool listen_address_open(const struct listen_address *address, int *fd, struct error *error)
{
    if (address->family == AF_UNIX)
        remove_stale_socket(address);
    *fd = socket(address->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd >= 0 && bind_and_listen(address, *fd))
        return true;
    int reason = errno;
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
    error_set_errno(error, reason, "cannot listen");
    if (reason == EADDRINUSE)
        error->code = ERROR_CONFLICT;
    return false;
}

void listen_address_close(const struct listen_address *address, int fd)
{
    if (address->family == AF_UNIX)
        (void)unlink(address->socket.local.sun_path);
    (void)close(fd);
}
