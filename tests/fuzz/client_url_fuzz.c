/* SPDX-License-Identifier: Apache-2.0 */
/* The URLs of servers, as the clients read them. A password is sent without TLS to this machine
only. */
#include "base/url.h"
#include "client/http.h"
#include "client/redis.h"
#include "client/smtp.h"

#include "fuzz.h"

static void check_smtp(const char *text)
{
    struct error error;
    struct smtp_server server;
    if (!smtp_parse_url(text, &server, &error)) {
        CHECK(error.code == ERROR_USAGE);
        return;
    }
    CHECK(server.host[0] != '\0' && server.port >= 1 && server.port <= 65535);
    CHECK(server.password[0] == '\0' || server.security != SMTP_PLAIN ||
          url_is_loopback(server.host));
}

static void check_http(const char *text)
{
    const struct http_options options = {
        .url = text, .connect_ms = 1, .answer_ms = 1, .answer_max = 1, .tries = 1};
    struct error error;
    struct http_client *http = NULL;
    if (!http_client_new(&options, &http, &error))
        CHECK(error.code == ERROR_USAGE);
    http_client_free(http);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    char *text = fuzz_text(bytes, size);
    if (redis_check_url(text, &error))
        redis_free(redis_new(text, "test"));
    else
        CHECK(error.code == ERROR_USAGE);
    check_smtp(text);
    check_http(text);
    free(text);
    return 0;
}
