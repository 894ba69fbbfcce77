/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"

#include "base/text.h"

#include <arpa/inet.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes %XX. Refuses a NUL, which would end the text early. */
static bool decode(const char *from, size_t size, char *to, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        int byte = (unsigned char)from[i];
        if (from[i] == '%') {
            if (size - i < 3)
                return false;
            int high = hex_value(from[i + 1]);
            int low = hex_value(from[i + 2]);
            if (high < 0 || low < 0)
                return false;
            byte = high * 16 + low;
            i += 2;
        }
        if (byte == 0 || used + 1 >= room)
            return false;
        to[used++] = (char)byte;
    }
    to[used] = '\0';
    return true;
}

static bool parse_port(const char *text, size_t size, int *port)
{
    char digits[8];
    int64_t number = 0;
    if (size == 0 || size >= sizeof(digits))
        return false;
    memcpy(digits, text, size);
    digits[size] = '\0';
    if (!text_to_int64(digits, 1, 65535, &number))
        return false;
    *port = (int)number;
    return true;
}

/* host, host:port or [ipv6]:port. */
static bool parse_host(const char *text, size_t size, struct url *url)
{
    const char *end = text + size;
    const char *bracket = size > 0 && text[0] == '[' ? memchr(text, ']', size) : NULL;
    const char *host = bracket != NULL ? text + 1 : text;
    const char *host_end = bracket != NULL ? bracket : memchr(text, ':', size);
    if (host_end == NULL)
        host_end = end;
    const char *rest = bracket != NULL ? bracket + 1 : host_end;
    if (!decode(host, (size_t)(host_end - host), url->host, sizeof(url->host)))
        return false;
    return rest == end ||
           (*rest == ':' && parse_port(rest + 1, (size_t)(end - rest - 1), &url->port));
}

static bool parse_authority(const char *text, size_t size, struct url *url)
{
    const char *at = memrchr(text, '@', size);
    if (at == NULL)
        return parse_host(text, size, url);
    size_t login = (size_t)(at - text);
    const char *colon = memchr(text, ':', login);
    size_t user = colon == NULL ? login : (size_t)(colon - text);
    if (!decode(text, user, url->user, sizeof(url->user)))
        return false;
    if (colon != NULL && !decode(colon + 1, login - user - 1, url->password, sizeof(url->password)))
        return false;
    return parse_host(at + 1, size - login - 1, url);
}

static bool parse_parts(const char *text, struct url *url)
{
    const char *colon = strstr(text, "://");
    if (colon == NULL || colon == text ||
        !decode(text, (size_t)(colon - text), url->scheme, sizeof(url->scheme)) ||
        strspn(url->scheme, "abcdefghijklmnopqrstuvwxyz0123456789+") != strlen(url->scheme))
        return false;
    const char *authority = colon + 3;
    const char *path = authority + strcspn(authority, "/?");
    const char *query = strchr(path, '?');
    size_t path_size = query == NULL ? strlen(path) : (size_t)(query - path);
    if (query != NULL && !text_copy(url->query, sizeof(url->query), query + 1))
        return false;
    return parse_authority(authority, (size_t)(path - authority), url) &&
           decode(path, path_size, url->path, sizeof(url->path));
}

bool url_parse(const char *text, struct url *url, struct error *error)
{
    *url = (struct url){.port = 0};
    if (!parse_parts(text, url))
        return error_set(error, ERROR_INVALID, "not a URL as in scheme://host:port/path");
    return true;
}

/* Finds the next "name=value" of a query: it begins at *start and has *size bytes, *name of them
   for the name. False at the end. */
static bool next_option(const char **at, const char **start, size_t *name, size_t *size)
{
    while (**at == '&')
        (*at)++;
    if (**at == '\0')
        return false;
    *start = *at;
    *size = strcspn(*at, "&");
    const char *equals = memchr(*at, '=', *size);
    *name = equals == NULL ? *size : (size_t)(equals - *at);
    *at += *size;
    return true;
}

static bool is_name(const char *start, size_t size, const char *name)
{
    return strlen(name) == size && memcmp(start, name, size) == 0;
}

bool url_option(const struct url *url, const char *name, char value[URL_PART_MAX],
                struct error *error)
{
    const char *at = url->query;
    const char *start = NULL;
    size_t name_size = 0;
    size_t size = 0;
    value[0] = '\0';
    while (next_option(&at, &start, &name_size, &size)) {
        if (!is_name(start, name_size, name))
            continue;
        if (name_size == size)
            return error_set(error, ERROR_INVALID, "the option '%s' has no value", name);
        if (!decode(start + name_size + 1, size - name_size - 1, value, URL_PART_MAX))
            return error_set(error, ERROR_INVALID, "the option '%s' is not readable", name);
        return true;
    }
    return true;
}

bool url_check_options(const struct url *url, const char *const *names, struct error *error)
{
    const char *at = url->query;
    const char *start = NULL;
    size_t name_size = 0;
    size_t size = 0;
    while (next_option(&at, &start, &name_size, &size)) {
        const char *const *known = names;
        while (*known != NULL && !is_name(start, name_size, *known))
            known++;
        if (*known == NULL)
            return error_set(error, ERROR_INVALID, "an unknown option behind the '?'");
    }
    return true;
}

bool url_is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (text_equal(host, "localhost"))
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
