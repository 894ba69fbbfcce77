/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1, by libcurl. A client belongs to one thread. It can have several requests in flight,
 * each on a connection of its own, and keeps connections for the next requests to the same host.
 *
 * One request: http_ask. Several at once, or an answer that is read piece by piece: http_begin,
 * then for each transfer http_finish or http_abandon. A function that waits for one transfer moves
 * all of the client's.
 *
 * Redirects are not followed. Cookies, the environment's proxies and netrc are not used.
 * Certificates are verified. No `Expect: 100-continue` is sent: some servers never answer it.
 *
 * Error codes: ERROR_AWAY (no connection could be made, or no memory), ERROR_ANSWER (the request
 * went out, and no whole answer in HTTP came back in time), ERROR_TOO_LARGE (an answer beyond
 * answer_max), ERROR_TIMEOUT (total_ms are over), ERROR_DENIED (certificate), ERROR_INVALID (a
 * request that is refused, see http_ask), ERROR_STOPPED (http_client_interrupt), and whatever a
 * callback fails with. Messages hold no URL and no data.
 */
#ifndef CLIENT_HTTP_H
#define CLIENT_HTTP_H

#include "base/buffer.h"

/* ---- the client ---- */

struct http_client;

struct http_options {
    const char *url; /* http[s]://host[:port][/prefix], or unix:///path (Host: localhost) */
    const char *cafile_or_null;
    int64_t connect_ms; /* to connect, each try */
    int64_t answer_ms;  /* to send a request once connected, and again to wait for the end of its
                           answer */
    size_t answer_max;  /* bytes of an answer that is kept in memory */
    int tries; /* to connect, in all, while no byte of the request was sent; short pauses */
};

/* A client; connects when it is first asked. The options' texts are copied. ERROR_USAGE for a URL
   of another form (also one with a login or a query), ERROR_AWAY without memory. */
bool http_client_new(const struct http_options *options, struct http_client **client,
                     struct error *error) MUST_CHECK;

/* Abandons what is in flight. NULL is fine. */
void http_client_free(struct http_client *client);

/* From any thread, while the client exists: every request in flight, and every later one until
   http_client_resume, ends with ERROR_STOPPED within a second (a name server that does not answer
   can delay that). */
void http_client_interrupt(struct http_client *client);

/* Requests go on again after an interrupt. */
void http_client_resume(struct http_client *client);

/* ---- requests ---- */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE };

struct http_header {
    const char *name;
    const char *value;
};

/* Puts the `size` bytes of the body from `offset` on into `to`. Called again with an earlier offset
   when the request is repeated. False: the request ends with *error. */
typedef bool http_read(void *context, size_t offset, void *to, size_t size, struct error *error);

/* Takes the next bytes of the answer's body. False: the request ends with *error. */
typedef bool http_write(void *context, const void *bytes, size_t size, struct error *error);

/* What is not set is zero: a GET without headers, the answer kept in memory. All is copied but the
   contexts. Callbacks are called by any function of this client, and may not call one. */
struct http_request {
    enum http_method method;
    const char *path; /* "/query?a=b", goes after the client's URL, sent as it is; or the whole URL
                         of another server */
    const struct http_header *headers;
    size_t header_count;
    const void *body; /* of POST and PUT */
    size_t size;      /* of the body; becomes Content-Length */
    http_read *read;  /* gives the body in place of `body` */
    void *read_context;
    http_write *write; /* takes the body of an answer with a status of 200 to 299, of any size; the
                          body of another status is kept in memory. answer_ms begins again with
                          every piece */
    void *write_context;
    int64_t answer_ms; /* 0: as the client's */
    int64_t total_ms;  /* for all of it, with every try to connect; 0: no bound */
};

struct http_answer {
    int status;
    struct buffer body; /* bounded by answer_max; empty if `write` took it */
    struct buffer headers;
};

/* The value of the answer's first header of that name (in any case), or NULL. Lives as long as the
   answer. */
const char *http_answer_header(const struct http_answer *answer, const char *name);
void http_answer_free(struct http_answer *answer);

/* Sends a request and waits for its whole answer, whatever its status. *answer is the caller's to
   free; after a failure it is empty.

   A kept connection that its server closes just when it is used again is replaced once and the
   request repeated (libcurl does that when no byte of an answer came): a request must be such as
   may be repeated. A failure to connect is tried again (`tries`); nothing else is.

   ERROR_INVALID: control characters in path or headers, more than 64 headers or 8192 characters of
   one, a name that is not a token or that the client sets itself (Content-Length,
   Transfer-Encoding, Connection, Expect), a body with GET, HEAD or DELETE, a size without `body` or
   `read`. */
bool http_ask(struct http_client *client, const struct http_request *request,
              struct http_answer *answer, struct error *error) MUST_CHECK;

/* ---- several in flight ---- */

struct http_transfer;

/* Begins a request, without waiting. Its time limits count the time that the thread spends waiting
   in this client. They count neither what the thread does meanwhile nor the time in callbacks.
   Errors as http_ask; *transfer is NULL then. */
bool http_begin(struct http_client *client, const struct http_request *request,
                struct http_transfer **transfer, struct error *error) MUST_CHECK;

/* Waits until the request is on its way: the server can work while the caller does something else.
   After an error the transfer is still to be abandoned. */
bool http_send(struct http_transfer *transfer, struct error *error) MUST_CHECK;

/* Waits until `write` has taken some bytes since the last call (*more), or there are no more to
   come and http_finish is due (not *more). One call brings a few MiB at most: how many is libcurl's
   choice. After an error the transfer is still to be abandoned. */
bool http_more(struct http_transfer *transfer, bool *more, struct error *error) MUST_CHECK;

/* Waits for the whole answer, as http_ask. The transfer is over then, also after an error. NULL is
   ERROR_INTERNAL. */
bool http_finish(struct http_transfer *transfer, struct http_answer *answer,
                 struct error *error) MUST_CHECK;

/* Gives up a transfer; its connection is closed if the answer is not whole. NULL is fine. */
void http_abandon(struct http_transfer *transfer);

#endif
