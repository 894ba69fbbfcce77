/* SPDX-License-Identifier: Apache-2.0 */
#include "client/statsd.h"

#include "base/log.h"
#include "base/text.h"
#include "base/url.h"

#include <netdb.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT = 8125, DATAGRAM_MAX = 512 };

/* ---- the setting ---- */

static bool parse_url(const char *text, struct url *url, bool *tags, struct error *error)
{
    static const char *const options[] = {"tags", NULL};
    char value[URL_PART_MAX];
    if (!url_parse(text, url, error) || !url_check_options(url, options, error) ||
        !url_option(url, "tags", value, error))
        return false;
    *tags = text_equal(value, "datadog");
    if (value[0] != '\0' && !*tags)
        return error_set(error, ERROR_USAGE, "the option tags can only be datadog");
    bool network = text_equal(url->scheme, "udp");
    if (network && (url->host[0] == '\0' || (url->path[0] != '\0' && !text_equal(url->path, "/"))))
        return error_set(error, ERROR_USAGE, "not of the form udp://host:port");
    if (!network && strlen(url->path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return error_set(error, ERROR_USAGE, "the path of the socket is too long");
    return true;
}

bool statsd_check_url(const char *text, struct error *error)
{
    struct url url;
    bool tags = false;
    if (parse_url(text, &url, &tags, error))
        return true;
    error->code = ERROR_USAGE;
    return error_prefix(error, "EXPORTD_STATSD_URL");
}

/* ---- the socket ---- */

static bool find_host(struct statsd *statsd, const struct url *url)
{
    char port[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    (void)snprintf(port, sizeof(port), "%d", url->port == 0 ? PORT : url->port);
    if (getaddrinfo(url->host, port, &hints, &found) != 0)
        return false;
    memcpy(&statsd->address, found->ai_addr, found->ai_addrlen);
    statsd->address_size = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static void set_path(struct statsd *statsd, const char *path)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    (void)snprintf(local.sun_path, sizeof(local.sun_path), "%s", path);
    memcpy(&statsd->address, &local, sizeof(local));
    statsd->address_size = sizeof(local);
}

/* The socket is not connected: a StatsD that is started later, or again, is found. */
static bool open_socket(struct statsd *statsd, const char *text, struct error *error)
{
    struct url url;
    if (!parse_url(text, &url, &statsd->tags, error))
        return false;
    if (text_equal(url.scheme, "udp") && !find_host(statsd, &url))
        return error_set(error, ERROR_AWAY, "the host of the StatsD is not found");
    if (!text_equal(url.scheme, "udp"))
        set_path(statsd, url.path);
    statsd->fd = socket(statsd->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return statsd->fd >= 0 || error_set(error, ERROR_AWAY, "the system gives no socket");
}

void statsd_open(struct statsd *statsd, const char *url)
{
    struct error error;
    *statsd = (struct statsd){.fd = -1};
    if (url[0] != '\0' && !open_socket(statsd, url, &error))
        log_error(LOG_WARNING, "statsd.not-used", &error);
}

void statsd_close(struct statsd *statsd)
{
    if (statsd->fd >= 0)
        (void)close(statsd->fd);
    statsd->fd = -1;
}

/* ---- sending ---- */

/* `type` is that of StatsD: "c" or "ms". */
static void send_metric(const struct statsd *statsd, const struct statsd_name *name, int64_t number,
                        const char *type)
{
    char text[DATAGRAM_MAX];
    bool tagged = statsd->tags && name->tag != NULL;
    bool suffixed = !statsd->tags && name->tag != NULL && text_equal(name->tag, "instance");
    if (statsd->fd < 0)
        return;
    int size =
        snprintf(text, sizeof(text), "sentry.%s%s%s:%" PRId64 "|%s%s%s%s%s", name->name,
                 suffixed ? "." : "", suffixed ? name->value : "", number, type, tagged ? "|#" : "",
                 tagged ? name->tag : "", tagged ? ":" : "", tagged ? name->value : "");
    if (size > 0 && (size_t)size < sizeof(text))
        (void)!sendto(statsd->fd, text, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL,
                      (const struct sockaddr *)&statsd->address, statsd->address_size);
}

void statsd_count(const struct statsd *statsd, const struct statsd_name *name)
{
    send_metric(statsd, name, 1, "c");
}

void statsd_time(const struct statsd *statsd, const char *name, int64_t number)
{
    send_metric(statsd, &(struct statsd_name){.name = name}, number, "ms");
}
