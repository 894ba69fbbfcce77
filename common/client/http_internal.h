/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the HTTP client share: http.c (the client, waiting), http_request.c (a request
   becomes a handle of libcurl), http_answer.c (what comes back, and what came of it). */
#ifndef CLIENT_HTTP_INTERNAL_H
#define CLIENT_HTTP_INTERNAL_H

#include "client/curl_setup.h"
#include "client/http.h"

#include <stdatomic.h>

enum {
    HTTP_BASE_MAX = 2048, /* characters of the client's URL, */
    HTTP_TEXT_MAX = 8192  /* and of a request's path, or of one header */
};

struct http_client {
    CURLM *multi; /* keeps the connections */
    char *base;   /* the URL without its final slash */
    char *socket; /* the path of a Unix socket, or NULL */
    char *cafile; /* or NULL */
    long connect_ms;
    int64_t answer_ms;
    size_t answer_max;
    int tries;
    struct http_transfer *transfers; /* all that are neither finished nor abandoned */
    int64_t spent_ms; /* that the thread has waited in this client: the clock of all time limits */
    int64_t callback_ms;     /* that the callbacks took; not part of spent_ms */
    atomic_bool interrupted; /* set by other threads */
};

enum http_state {
    HTTP_NEW,
    HTTP_PAUSED,     /* no connection; the next try is at due_ms */
    HTTP_CONNECTING, /* no byte of the request was sent */
    HTTP_RUNNING,
    HTTP_DONE /* the answer, or what went wrong, is there */
};

struct http_transfer {
    struct http_client *client;
    struct http_transfer *next;
    CURL *easy;
    struct curl_slist *headers; /* of the request */
    size_t size;                /* of its body */
    size_t offset;              /* of what `read` is asked for next */
    http_read *read;
    void *read_context;
    http_write *write;
    void *write_context;

    enum http_state state;
    bool is_sent;
    bool has_progress; /* answer_ms is to begin again */
    int tries_left;
    int pause_ms; /* before the next try */
    int64_t answer_ms;
    int64_t total_ms; /* or 0 */
    int64_t end_ms;   /* of total_ms, by spent_ms */
    int64_t due_ms;   /* by spent_ms. PAUSED: the next try. CONNECTING, RUNNING: the end of
                         connect_ms, of answer_ms */

    CURLcode code;        /* when DONE */
    struct error trouble; /* of a callback; ERROR_NONE: none */
    struct http_answer answer;
    size_t header_bytes; /* of the answer's header, 100s included */
    bool header_ended;
    bool has_more; /* that http_more has not told of */
};

/* "cannot set up libcurl: no memory". Returns false. */
bool http_out_of_memory(struct error *error);

/* Whether `text` is http[s]://host[:port][/path] as libcurl understands it. ERROR_USAGE. */
bool http_check_url(const char *text, bool query_allowed, struct error *error) MUST_CHECK;

/* Makes the transfer's handle from the request. */
bool http_set_request(struct http_transfer *transfer, const struct http_request *request,
                      struct error *error) MUST_CHECK;

/* Lets what comes back go into the transfer. */
bool http_set_answer(struct http_transfer *transfer) MUST_CHECK;

/* Whether any byte of the request may have reached the server; whether all have. */
bool http_is_begun(const struct http_transfer *transfer);
bool http_is_sent(const struct http_transfer *transfer);

/* What came of a transfer that is DONE: true when there is a whole answer. */
bool http_judge(const struct http_transfer *transfer, struct error *error) MUST_CHECK;

#endif
