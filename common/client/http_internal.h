/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the HTTP client: http.c (the client, and how it waits), http_request.c
   (makes a handle of libcurl from a request), http_answer.c (reads an answer and decides how it
   ended). */
#ifndef CLIENT_HTTP_INTERNAL_H
#define CLIENT_HTTP_INTERNAL_H

#include "client/curl_setup.h"
#include "client/http.h"

#include <stdatomic.h>

enum {
    HTTP_BASE_MAX = 2048, /* characters of the client's URL */
    HTTP_TEXT_MAX = 8192  /* characters of a request's path, or of one header */
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
    struct http_transfer *transfers; /* those that are neither finished nor abandoned */
    int64_t spent_ms;        /* the thread's time in this client: the clock of all time limits */
    int64_t callback_ms;     /* the time in callbacks; not part of spent_ms */
    atomic_bool interrupted; /* set by other threads */
};

enum http_state {
    HTTP_NEW,
    HTTP_PAUSED,     /* not connected; tries again at due_ms */
    HTTP_CONNECTING, /* no byte of the request was sent */
    HTTP_RUNNING,
    HTTP_DONE /* there is an answer or an error */
};

struct http_transfer {
    struct http_client *client;
    struct http_transfer *next;
    CURL *easy;
    struct curl_slist *headers; /* of the request */
    size_t size;                /* of its body */
    size_t offset;              /* in the body, of the next `read` */
    http_read *read;
    void *read_context;
    http_write *write;
    void *write_context;

    enum http_state state;
    bool is_sent;
    bool has_progress; /* answer_ms starts again */
    int tries_left;
    int pause_ms; /* before the next try */
    int64_t answer_ms;
    int64_t total_ms; /* or 0 */
    int64_t end_ms;   /* when total_ms are over, by spent_ms */
    int64_t due_ms;   /* by spent_ms: when the next try is due (PAUSED), connect_ms are over
                         (CONNECTING) or answer_ms are over (RUNNING) */

    CURLcode code;        /* when DONE */
    struct error trouble; /* a callback's error; ERROR_NONE: none */
    struct http_answer answer;
    size_t header_bytes; /* of the answer's header, with those of 100 Continue */
    bool header_ended;
    bool has_more; /* `write` has taken bytes since the last http_more */
};

/* Fills ERROR_AWAY, "cannot set up libcurl: no memory". Returns false. */
bool http_out_of_memory(struct error *error);

/* Whether libcurl reads `text` as http[s]://host[:port][/path], with a query only if
   `query_allowed`. ERROR_USAGE if not. */
bool http_check_url(const char *text, bool query_allowed, struct error *error) MUST_CHECK;

/* Checks the request and makes the transfer's handle from it. */
bool http_set_request(struct http_transfer *transfer, const struct http_request *request,
                      struct error *error) MUST_CHECK;

/* Makes libcurl pass the answer's header and body to this transfer. */
bool http_set_answer(struct http_transfer *transfer) MUST_CHECK;

/* begun: a byte of the request may have reached the server. sent: all bytes are sent. */
bool http_is_begun(const struct http_transfer *transfer);
bool http_is_sent(const struct http_transfer *transfer);

/* How a transfer that is DONE ended: true with a whole answer, else false and *error. */
bool http_check_result(const struct http_transfer *transfer, struct error *error) MUST_CHECK;

#endif
