/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a handle of libcurl from a request. Everything is checked before, because libcurl sends
   headers unchecked.
   Tested by tests/unit/client/http_test.c and tests/unit/client/http_stream_test.c. */
#include "base/clock.h"
#include "base/text.h"
#include "client/http_internal.h"

#include <strings.h>

enum { KEEP_IDLE_SECONDS = 30, KEEP_INTERVAL_SECONDS = 10, HEADERS_MAX = 64 };

/* ---- checks ---- */

static bool is_one_of(const char *name, const char *const names[])
{
    for (; *names != NULL; names++)
        if (strcasecmp(name, *names) == 0)
            return true;
    return false;
}

/* A token of RFC 9110, and not a header that the client sets itself. */
static bool is_name(const char *name)
{
    static const char characters[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char *const own[] = {"Content-Length", "Transfer-Encoding", "Connection", "Expect",
                                      NULL};
    return name[0] != '\0' && name[strspn(name, characters)] == '\0' && !is_one_of(name, own);
}

/* The name and the value become one line; a control character could begin another one. */
static bool is_header(const struct http_header *header)
{
    return is_name(header->name) && !text_has_control(header->value) &&
           strlen(header->name) + strlen(header->value) <= HTTP_TEXT_MAX;
}

/* Printable ASCII without spaces: libcurl would refuse, cut or change anything else. */
static bool is_path(const char *path)
{
    for (const char *at = path; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~' || *at == '#')
            return false;
    return strlen(path) <= HTTP_TEXT_MAX;
}

static bool has_body(const struct http_request *request)
{
    return request->method == HTTP_POST || request->method == HTTP_PUT;
}

static bool check_request(const struct http_request *request, struct error *error)
{
    bool proper = is_path(request->path) && request->header_count <= HEADERS_MAX;
    for (size_t i = 0; proper && i < request->header_count; i++)
        proper = is_header(&request->headers[i]);
    if (!proper)
        return error_set(error, ERROR_INVALID, "not a text that an HTTP header can hold");
    if (!has_body(request) && (request->size > 0 || request->read != NULL))
        return error_set(error, ERROR_INVALID, "only POST and PUT have a body");
    if (request->size > 0 && request->body == NULL && request->read == NULL)
        return error_set(error, ERROR_INVALID, "the size of a body without the body");
    if (request->path[0] == '/' || http_check_url(request->path, true, error))
        return true;
    error->code = error->code == ERROR_USAGE ? ERROR_INVALID : error->code;
    return false;
}

/* ---- headers ---- */

static bool add_line(struct http_transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (longer != NULL)
        transfer->headers = longer;
    return longer != NULL;
}

/* To libcurl, "Name:" removes a header, and "Name;" sends it with an empty value. */
static bool add_header(struct http_transfer *transfer, const struct http_header *header)
{
    char line[HTTP_TEXT_MAX + sizeof(": ")];
    if (header->value[strspn(header->value, " ")] == '\0')
        (void)snprintf(line, sizeof(line), "%s;", header->name);
    else
        (void)snprintf(line, sizeof(line), "%s: %s", header->name, header->value);
    return add_line(transfer, line);
}

/* libcurl adds `Expect`, and a `Content-Type` of its own to POST, unless they are removed. */
static bool set_headers(struct http_transfer *transfer, const struct http_request *request)
{
    static const char *const content_type[] = {"Content-Type", NULL};
    bool has_type = false;
    bool done = add_line(transfer, "Expect:");
    for (size_t i = 0; done && i < request->header_count; i++) {
        has_type = has_type || is_one_of(request->headers[i].name, content_type);
        done = add_header(transfer, &request->headers[i]);
    }
    return done && (has_type || add_line(transfer, "Content-Type:")) &&
           curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

/* ---- body ---- */

/* The time in the callback must not count as waiting for the server. */
static bool take_from_caller(struct http_transfer *transfer, char *to, size_t size)
{
    int64_t before_ms = clock_monotonic_ms();
    bool done =
        transfer->read(transfer->read_context, transfer->offset, to, size, &transfer->trouble);
    transfer->client->callback_ms += clock_monotonic_ms() - before_ms;
    return done;
}

/* Called by libcurl for the next piece of the body. */
static size_t read_body(char *to, size_t unit, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t left = transfer->size - transfer->offset;
    size_t size = unit * count < left ? unit * count : left;
    if (size > 0 && !take_from_caller(transfer, to, size))
        return CURL_READFUNC_ABORT;
    transfer->offset += size;
    return size;
}

/* Called by libcurl when it repeats the request over another connection. */
static int seek_body(void *context, curl_off_t offset, int origin)
{
    struct http_transfer *transfer = context;
    if (origin != SEEK_SET || offset < 0 || (size_t)offset > transfer->size)
        return CURL_SEEKFUNC_FAIL;
    transfer->offset = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* The body comes from `read`, piece by piece. libcurl can go back to repeat the request. */
static bool set_read_body(struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    return curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)transfer->size) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer) == CURLE_OK;
}

/* Copied, so that the caller may free the body at once. */
static bool set_copied_body(struct http_transfer *transfer, const void *body)
{
    CURL *easy = transfer->easy;
    return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->size) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body != NULL ? body : "") == CURLE_OK;
}

/* To libcurl, a request with a body is a POST or an upload; CUSTOMREQUEST is the method it
   sends. */
static bool set_method(struct http_transfer *transfer, const struct http_request *request)
{
    static const char *const names[] = {
        [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE"};
    if (request->method == HTTP_HEAD)
        return curl_easy_setopt(transfer->easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    bool done =
        curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, names[request->method]) == CURLE_OK;
    if (!done || !has_body(request))
        return done;
    return transfer->read != NULL ? set_read_body(transfer)
                                  : set_copied_body(transfer, request->body);
}

/* ---- connection and URL ---- */

/* No signals, redirects, proxies, netrc or other protocols, as http.h promises. */

static bool set_rules(CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "exportd") == CURLE_OK;
}

/* Keepalive finds a dead server while the client waits for a slow answer. */
static bool set_connection(CURL *easy, const struct http_client *client)
{
    return curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, client->connect_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEP_IDLE_SECONDS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEP_INTERVAL_SECONDS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           (client->cafile == NULL ||
            curl_easy_setopt(easy, CURLOPT_CAINFO, client->cafile) == CURLE_OK);
}

/* The client's Unix socket is used only for the client's own server. */
static bool set_url(CURL *easy, const struct http_client *client, const char *path)
{
    char url[HTTP_BASE_MAX + HTTP_TEXT_MAX + 1];
    bool own = path[0] == '/';
    (void)snprintf(url, sizeof(url), "%s%s", own ? client->base : "", path);
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, own ? client->socket : NULL) ==
               CURLE_OK;
}

bool http_set_request(struct http_transfer *transfer, const struct http_request *request,
                      struct error *error)
{
    if (!check_request(request, error))
        return false;
    transfer->size = request->size;
    transfer->read = request->read;
    transfer->read_context = request->read_context;
    transfer->easy = curl_easy_init();
    return (transfer->easy != NULL && set_rules(transfer->easy) &&
            set_connection(transfer->easy, transfer->client) &&
            set_url(transfer->easy, transfer->client, request->path) &&
            set_headers(transfer, request) && set_method(transfer, request)) ||
           http_out_of_memory(error);
}

bool http_is_begun(const struct http_transfer *transfer)
{
    long sent = 0;
    return curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent) != CURLE_OK || sent > 0;
}

bool http_is_sent(const struct http_transfer *transfer)
{
    curl_off_t sent = 0;
    return http_is_begun(transfer) &&
           curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK &&
           (size_t)sent >= transfer->size;
}
