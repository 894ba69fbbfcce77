/* SPDX-License-Identifier: Apache-2.0 */
/* The parsing of URLs of mail servers. */
#include "client/smtp.h"

#include "base/text.h"
#include "base/url.h"
#include "client/smtp_internal.h"

/* The host becomes part of a URL for libcurl, so it must not hold a character that ends it. */
bool smtp_is_host(const char *host)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:";
    if (host[0] == '\0')
        return false;
    for (; *host != '\0'; host++)
        if ((unsigned char)*host < 0x80 && strchr(allowed, *host) == NULL)
            return false;
    return true;
}

static bool parse_security(const struct url *url, struct smtp_server *server, struct error *error)
{
    static const char *const names[] = {"starttls", "cafile", NULL};
    char starttls[URL_PART_MAX];
    char cafile[URL_PART_MAX];
    if (!url_check_options(url, names, error) || !url_option(url, "starttls", starttls, error) ||
        !url_option(url, "cafile", cafile, error))
        return false;
    bool implicit = text_equal(url->scheme, "smtps");
    bool required = text_equal(starttls, "required");
    if (!implicit && !text_equal(url->scheme, "smtp"))
        return error_set(error, ERROR_USAGE, "the scheme is neither smtp nor smtps");
    if (starttls[0] != '\0' && !required)
        return error_set(error, ERROR_USAGE, "starttls can only be 'required'");
    if (implicit && required)
        return error_set(error, ERROR_USAGE, "smtps has TLS from the start: no starttls with it");
    server->security = implicit ? SMTP_TLS : required ? SMTP_STARTTLS : SMTP_PLAIN;
    if (cafile[0] != '\0' && server->security == SMTP_PLAIN)
        return error_set(error, ERROR_USAGE, "a cafile is of no use without TLS");
    return text_copy(server->cafile, sizeof(server->cafile), cafile) ||
           error_set(error, ERROR_USAGE, "the cafile has too long a name");
}

static bool parse_login(const struct url *url, struct smtp_server *server, struct error *error)
{
    if ((url->user[0] == '\0') != (url->password[0] == '\0'))
        return error_set(error, ERROR_USAGE, "a login needs both a user and a password");
    if (text_has_control(url->user) || text_has_control(url->password))
        return error_set(error, ERROR_USAGE, "the login has control characters in it");
    if (url->user[0] != '\0' && server->security == SMTP_PLAIN && !url_is_loopback(url->host))
        return error_set(error, ERROR_USAGE,
                         "a password would go over the network without TLS: use smtps:// or "
                         "?starttls=required");
    return (text_copy(server->user, sizeof(server->user), url->user) &&
            text_copy(server->password, sizeof(server->password), url->password)) ||
           error_set(error, ERROR_USAGE, "the user or the password is too long");
}

static bool parse_server(const char *text, struct smtp_server *server, struct error *error)
{
    struct url url;
    if (!url_parse(text, &url, error) || !parse_security(&url, server, error) ||
        !parse_login(&url, server, error))
        return false;
    if (!smtp_is_host(url.host) || !text_copy(server->host, sizeof(server->host), url.host))
        return error_set(error, ERROR_USAGE, "the URL names no host, or not a proper one");
    if (url.path[0] != '\0' && !text_equal(url.path, "/"))
        return error_set(error, ERROR_USAGE, "there is a path behind the host");
    server->port = url.port != 0 ? url.port : server->security == SMTP_TLS ? 465 : 25;
    return true;
}

bool smtp_parse_url(const char *url, struct smtp_server *server, struct error *error)
{
    *server = (struct smtp_server){.port = 0};
    if (parse_server(url, server, error))
        return true;
    error->code = ERROR_USAGE;
    return false;
}
