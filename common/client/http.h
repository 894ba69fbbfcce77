/*
 * HTTP, by libcurl: questions to one server over one kept connection, one at a time. A struct http
 * belongs to one thread. No redirects, environment proxies or netrc; certificates are verified; no
 * `Expect: 100-continue`, which old servers never answer.
 *
 * Error codes: ERROR_AWAY (no connection could be made), ERROR_ANSWER (the request went out, and no
 * whole answer in HTTP came back in time), ERROR_TOO_LARGE (an answer beyond the bound),
 * ERROR_DENIED (certificate), ERROR_STOPPED (http_interrupt). Messages hold no URL, no data.
 */
#ifndef CLIENT_HTTP_H
#define CLIENT_HTTP_H

#include "base/buffer.h"

struct http;

struct http_options {
    const char *url; /* http[s]://host[:port][/prefix], or unix:///path (Host: localhost) */
    const char *cafile_or_null;
    int64_t connect_ms; /* to connect, each try */
    int64_t answer_ms;  /* to send a request, and again to wait for the end of its answer */
    size_t answer_max;  /* bytes of an answer */
    int tries;          /* in all, while no byte of the request could be sent; with short pauses */
};

/* A client of one server; connects when it is first asked. The options' texts are copied.
   ERROR_USAGE for a URL that is none of these (also one with a login or a query), ERROR_AWAY
   without memory. */
bool http_new(const struct http_options *options, struct http **http,
              struct error *error) MUST_CHECK;
void http_free(struct http *http);

struct http_request {
    const char *path; /* behind the URL's prefix: "/query" */
    const char *content_type;
    const char *referer_or_null;
    const void *body; /* copied */
    size_t size;
};

struct http_answer {
    int status;
    const char *content_type; /* "": none */
    const char *body;         /* NUL-terminated; lives until the next request or http_forget */
    size_t size;
};

/* Sends a POST request. Returns as soon as it is on its way, so that the caller can do something
   else while the server works; http_finish is then due.

   A kept connection that its server closes without a word, just when it is used again, is replaced
   once and the request repeated (libcurl does that, when not one byte of an answer came): the
   requests have to be such as may be repeated.

   ERROR_INVALID for control characters in the request's texts. */
bool http_start(struct http *http, const struct http_request *request,
                struct error *error) MUST_CHECK;

/* Waits for the answer to the request that was started, whatever its status. */
bool http_finish(struct http *http, struct http_answer *answer, struct error *error) MUST_CHECK;

/* Gives up a request that was started; its connection is closed. Nothing to give up is fine. */
void http_abandon(struct http *http);

/* Frees the memory of the last answer. */
void http_forget(struct http *http);

/* From any thread, while the client is there: what waits, and all that is asked from now on, ends
   with ERROR_STOPPED within a second (a name server that does not answer can hold it up for
   longer).
 */
void http_interrupt(struct http *http);

#endif
