/* SPDX-License-Identifier: Apache-2.0 */
/* A URL: its parts, encoded and joined again, are read as the same parts. */
#include "base/url.h"

#include "fuzz.h"

static void encode(struct buffer *out, const char *part, const char *plain)
{
    struct error error;
    for (; *part != '\0'; part++) {
        bool same = (*part >= 'a' && *part <= 'z') || strchr(plain, *part) != NULL;
        CHECK(same ? buffer_append_byte(out, *part, &error)
                   : buffer_printf(out, &error, "%%%02X", (unsigned char)*part));
    }
}

static void print_url(const struct url *url, struct buffer *out)
{
    struct error error;
    CHECK(buffer_printf(out, &error, "%s://", url->scheme));
    if (url->user[0] != '\0' || url->password[0] != '\0') {
        encode(out, url->user, "");
        CHECK(buffer_append_byte(out, ':', &error));
        encode(out, url->password, "");
        CHECK(buffer_append_byte(out, '@', &error));
    }
    bool v6 = strchr(url->host, ':') != NULL;
    CHECK(!v6 || buffer_append_byte(out, '[', &error));
    encode(out, url->host, ".-:");
    CHECK(!v6 || buffer_append_byte(out, ']', &error));
    if (url->port != 0)
        CHECK(buffer_printf(out, &error, ":%d", url->port));
    encode(out, url->path, "/");
    if (url->query[0] != '\0')
        CHECK(buffer_printf(out, &error, "?%s", url->query));
}

static void check_options(const struct url *url)
{
    static const char *const names[] = {"a", "starttls", "cafile", "timeout", "db", NULL};
    struct error error;
    char value[URL_PART_MAX];
    for (size_t i = 0; names[i] != NULL; i++)
        if (!url_option(url, names[i], value, &error))
            check_error(&error);
    if (!url_check_options(url, names, &error))
        check_error(&error);
}

static void check_again(const struct url *url)
{
    struct error error;
    struct url again;
    struct buffer out;
    buffer_init(&out, (size_t)64 * 1024);
    print_url(url, &out);
    if (out.size < URL_TEXT_MAX) {
        CHECK(url_parse(out.data, &again, &error));
        CHECK(strcmp(again.scheme, url->scheme) == 0 && strcmp(again.user, url->user) == 0);
        CHECK(strcmp(again.password, url->password) == 0 && strcmp(again.host, url->host) == 0);
        CHECK(again.port == url->port && strcmp(again.path, url->path) == 0);
        CHECK(strcmp(again.query, url->query) == 0);
    }
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    struct url url;
    char *text = fuzz_text(bytes, size);
    if (url_parse(text, &url, &error)) {
        CHECK(url.port >= 0 && url.port <= 65535);
        CHECK(url.path[0] == '\0' || url.path[0] == '/');
        check_options(&url);
        check_again(&url);
    } else {
        CHECK(error.code == ERROR_INVALID);
        check_error(&error);
    }
    free(text);
    return 0;
}
