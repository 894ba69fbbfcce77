/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an answer: libcurl's callbacks keep header lines and body in the transfer, or pass the body
   to the request's `write`. http_check_result then decides how the transfer ended.
   Tested by tests/unit/client/http_test.c and tests/unit/client/http_trouble_test.c. */
#include "base/clock.h"
#include "client/http_internal.h"

#include <strings.h>

enum { HEADER_BYTES_MAX = 1 << 16 }; /* of one answer's header lines together */

/* ---- the header ---- */

/* Called by libcurl with each line. Keeps it without its line end, and with a NUL. */

static size_t take_header(const char *bytes, size_t unit, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    struct buffer *headers = &transfer->answer.headers;
    struct error *error = &transfer->trouble;
    size_t all = unit * count;
    size_t size = all;
    transfer->header_bytes += size;
    if (transfer->header_bytes > HEADER_BYTES_MAX)
        return 0;
    if (size >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        transfer->header_ended = false; /* the header before was that of a 100 Continue */
        buffer_clear(headers);
        return all;
    }
    while (size > 0 && strchr(" \t\r\n", bytes[size - 1]) != NULL)
        size--;
    if (size == 0) {
        transfer->header_ended = true;
        return all;
    }
    bool done = buffer_append(headers, bytes, size, error) && buffer_append_byte(headers, 0, error);
    return done ? all : 0;
}

const char *http_answer_header(const struct http_answer *answer, const char *name)
{
    const char *end = answer->headers.data + answer->headers.size;
    size_t length = strlen(name);
    for (const char *line = answer->headers.data; line < end; line += strlen(line) + 1)
        if (strncasecmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1 + strspn(line + length + 1, " \t");
    return NULL;
}

void http_answer_free(struct http_answer *answer)
{
    buffer_free(&answer->body);
    buffer_free(&answer->headers);
}

/* ---- the body ---- */

static bool keep_body(struct http_transfer *transfer, const char *bytes, size_t size)
{
    struct error *error = &transfer->trouble;
    struct buffer *body = &transfer->answer.body;
    if (buffer_append(body, bytes, size, error))
        return true;
    if (error->code == ERROR_TOO_LARGE)
        return error_set(error, ERROR_TOO_LARGE, "an HTTP answer of more than %zu bytes",
                         body->maximum);
    return false;
}

static bool give_to_caller(struct http_transfer *transfer, const char *bytes, size_t size)
{
    int64_t before_ms = clock_monotonic_ms();
    bool done = transfer->write(transfer->write_context, bytes, size, &transfer->trouble);
    transfer->client->callback_ms += clock_monotonic_ms() - before_ms;
    return done;
}

/* Called by libcurl with each piece of the body. */
static size_t take_body(const char *bytes, size_t unit, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t size = unit * count;
    long status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->write == NULL || status / 100 != 2)
        return keep_body(transfer, bytes, size) ? size : 0;
    if (!give_to_caller(transfer, bytes, size))
        return 0;
    transfer->has_more = true;
    transfer->has_progress = true;
    return size;
}

bool http_set_answer(struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    buffer_init(&transfer->answer.headers, HEADER_BYTES_MAX);
    buffer_init(&transfer->answer.body, transfer->client->answer_max);
    return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK;
}

/* ---- how it ended ---- */

static bool cannot_connect(const struct http_transfer *transfer, struct error *error)
{
    char text[128];
    long number = 0;
    const char *why = curl_easy_strerror(transfer->code);
    if (transfer->code == CURLE_COULDNT_CONNECT &&
        curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number != 0)
        why = strerror_r((int)number, text, sizeof(text));
    return error_set(error, ERROR_AWAY, "cannot reach the HTTP server: %s", why);
}

/* libcurl accepts a header that is cut, so header_ended is checked. Its detailed error text is not
   used: it names host and port. */
bool http_check_result(const struct http_transfer *transfer, struct error *error)
{
    CURLcode code = transfer->code;
    if (code == CURLE_OK)
        return transfer->header_ended ||
               error_set(error, ERROR_ANSWER, "no whole answer from the HTTP server: cut header");
    if (transfer->trouble.code != ERROR_NONE) {
        *error = transfer->trouble;
        return false;
    }
    if (curl_is_denied(code))
        return error_set(error, ERROR_DENIED, "the certificate of the HTTP server: %s",
                         curl_easy_strerror(code));
    if (!http_is_begun(transfer) || code == CURLE_COULDNT_CONNECT ||
        code == CURLE_COULDNT_RESOLVE_HOST)
        return cannot_connect(transfer, error);
    return error_set(error, ERROR_ANSWER, "no whole answer from the HTTP server: %s",
                     curl_easy_strerror(code));
}
