/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of the HTTP client: a client of a scripted server, and a request. */
#ifndef UNIT_CLIENT_HTTP_FIXTURE_H
#define UNIT_CLIENT_HTTP_FIXTURE_H

#include "client/http.h"

#include "base/text.h"

#include "../http_server.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

static inline struct http_client *client_with(const struct http_options *options)
{
    struct http_client *http = NULL;
    struct error error;
    if (!http_client_new(options, &http, &error))
        fail_msg("%s", error.message);
    return http;
}

static inline struct http_client *client_of(const char *url)
{
    return client_with(&(struct http_options){
        .url = url, .connect_ms = 2000, .answer_ms = 600, .answer_max = 100000, .tries = 2});
}

/* A client that waits a minute for an answer. */
static inline struct http_client *patient_client_of(const char *url)
{
    return client_with(&(struct http_options){
        .url = url, .connect_ms = 2000, .answer_ms = 60000, .answer_max = 1000, .tries = 1});
}

static const struct http_header question_headers[] = {{"Content-Type", "application/json"},
                                                      {"Referer", "tagstore.test"}};
static const struct http_request question = {.method = HTTP_POST,
                                             .path = "/query",
                                             .headers = question_headers,
                                             .header_count = 2,
                                             .body = "{\"a\":1}",
                                             .size = 7};

static inline bool ask(struct http_client *http, struct http_answer *answer, struct error *error)
{
    http_answer_free(answer);
    return http_ask(http, &question, answer, error);
}

/* Sends a request and fails the test after an error. Frees the previous answer; the first must be
   {.status = 0}. */
static inline void ask_well(struct http_client *http, const struct http_request *request,
                            struct http_answer *answer)
{
    struct error error;
    http_answer_free(answer);
    if (!http_ask(http, request, answer, &error))
        fail_msg("%s", error.message);
}

static inline struct http_transfer *begin_well(struct http_client *http,
                                               const struct http_request *request)
{
    struct http_transfer *transfer = NULL;
    struct error error;
    if (!http_begin(http, request, &transfer, &error))
        fail_msg("%s", error.message);
    return transfer;
}

#endif
