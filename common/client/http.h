/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1, by libcurl. A client belongs to one thread. It can have several requests in flight,
 * each on a connection of its own, and keeps connections for the next requests to the same host.
 *
 * http_ask sends one request and waits. For several requests at once, or to read an answer piece by
 * piece, call http_begin, and then http_finish or http_abandon for each transfer. A function that
 * waits for one transfer moves all transfers of its client.
 *
 * Redirects are not followed. Cookies, the environment's proxies and netrc are not used.
 * Certificates are verified. No `Expect: 100-continue` is sent: some servers never answer it.
 *
 * Error codes: ERROR_AWAY (no connection could be made, or no memory), ERROR_ANSWER (the request
 * was sent, but no whole HTTP answer came in time), ERROR_TOO_LARGE (the answer is larger than
 * answer_max), ERROR_TIMEOUT (total_ms are over), ERROR_DENIED (a certificate), ERROR_INVALID (the
 * client refuses to send the request, see http_ask), ERROR_STOPPED (http_client_interrupt), and the
 * error of a callback that fails. Messages hold no URL and no data.
 */
#ifndef CLIENT_HTTP_H
#define CLIENT_HTTP_H

#include "base/buffer.h"

/* ---- the client ---- */

struct http_client;

struct http_options {
    const char *url; /* http[s]://host[:port][/prefix], or unix:///path (Host: localhost) */
    const char *cafile_or_null;
    int64_t connect_ms; /* the limit of each try to connect */
    int64_t answer_ms;  /* the limit for sending a request, once connected; and again for waiting
                           until its answer is whole */
    size_t answer_max;  /* the limit in bytes of an answer that is kept in memory */
    int tries; /* to connect, the first included; with short pauses. Only as long as no byte of the
                  request was sent */
};

/* Makes a client; its first request connects. The options' texts are copied. ERROR_USAGE if the URL
   has another form, a login or a query; ERROR_AWAY without memory. */
bool http_client_new(const struct http_options *options, struct http_client **client,
                     struct error *error) MUST_CHECK;

/* Abandons all transfers. NULL is fine. */
void http_client_free(struct http_client *client);

/* Ends every request in flight with ERROR_STOPPED, and every later one until http_client_resume.
   Any thread may call it while the client exists. It takes effect within a second; a name server
   that does not answer can delay it. */
void http_client_interrupt(struct http_client *client);

/* Allows requests again after http_client_interrupt. */
void http_client_resume(struct http_client *client);

/* ---- requests ---- */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE };

struct http_header {
    const char *name;
    const char *value;
};

/* Copies `size` bytes of the body, from `offset` on, to `to`. If the request is repeated, it is
   called again with an earlier offset. False ends the request with *error. */
typedef bool http_read(void *context, size_t offset, void *to, size_t size, struct error *error);

/* Takes the next bytes of the answer's body. False ends the request with *error. */
typedef bool http_write(void *context, const void *bytes, size_t size, struct error *error);

/* All zero is a GET without headers, whose answer is kept in memory. Everything is copied except
   the contexts. Any function of this client may call the callbacks; they must not call its
   functions. */
struct http_request {
    enum http_method method;
    const char *path; /* such as "/query?a=b": appended to the client's URL, not escaped; or the
                         whole URL of another server */
    const struct http_header *headers;
    size_t header_count;
    const void *body; /* of POST and PUT */
    size_t size;      /* of the body; becomes Content-Length */
    http_read *read;  /* gives the body, instead of `body` */
    void *read_context;
    http_write *write; /* takes the body, of any size, if the status is 200 to 299; with another
                          status the body is kept in memory. Each piece starts answer_ms again */
    void *write_context;
    int64_t answer_ms; /* 0: the client's */
    int64_t total_ms;  /* the limit for the whole request, all tries to connect included; 0: none */
};

struct http_answer {
    int status;
    struct buffer body; /* bounded by answer_max; empty if `write` took it */
    struct buffer headers;
};

/* The value of the answer's first header of this name (upper or lower case), or NULL. Lives as long
   as the answer. */
const char *http_answer_header(const struct http_answer *answer, const char *name);
void http_answer_free(struct http_answer *answer);

/* Sends a request and waits for its whole answer, whatever its status. The caller frees *answer;
   after a failure it is empty.

   A request must be one that may be sent twice: if the server closes a kept connection just when it
   is used again, and no byte of an answer has come, libcurl makes a new connection and repeats the
   request once. A failure to connect is tried again (`tries`). No other failure is.

   ERROR_INVALID: control characters in path or headers; more than 64 headers, or one of more than
   8192 characters; a header's name that is not a token, or that the client sets itself
   (Content-Length, Transfer-Encoding, Connection, Expect); a body with GET, HEAD or DELETE; a size
   without `body` or `read`. */
bool http_ask(struct http_client *client, const struct http_request *request,
              struct http_answer *answer, struct error *error) MUST_CHECK;

/* ---- several in flight ---- */

struct http_transfer;

/* Begins a request, without waiting. Its time limits count only the time that the thread waits in
   this client, not its time in callbacks or elsewhere. Errors as http_ask; *transfer is NULL
   then. */
bool http_begin(struct http_client *client, const struct http_request *request,
                struct http_transfer **transfer, struct error *error) MUST_CHECK;

/* Waits until the whole request is sent, so that the server works while the caller does something
   else. After an error the caller must still abandon the transfer. */
bool http_send(struct http_transfer *transfer, struct error *error) MUST_CHECK;

/* Waits until `write` has taken some bytes since the last call: *more is true. It is false after
   the last byte; then call http_finish. One call brings a few MiB at most; libcurl decides how
   many. After an error the caller must still abandon the transfer. */
bool http_more(struct http_transfer *transfer, bool *more, struct error *error) MUST_CHECK;

/* Waits for the whole answer, as http_ask does, and frees the transfer, also after an error. NULL
   is ERROR_INTERNAL. */
bool http_finish(struct http_transfer *transfer, struct http_answer *answer,
                 struct error *error) MUST_CHECK;

/* Frees a transfer. If its answer is not whole, its connection is closed. NULL is fine. */
void http_abandon(struct http_transfer *transfer);

#endif
