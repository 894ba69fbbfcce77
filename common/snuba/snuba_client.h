/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks one Snuba: prints a query, sends it, reads the answer. One query at a time. A query that
 * fails gives one warning in the log, `snuba.error`, with its referrer, the status, and the error's
 * type and codes, but never the server's text.
 */
#ifndef SNUBA_SNUBA_CLIENT_H
#define SNUBA_SNUBA_CLIENT_H

#include "snuba/answer.h"

/* Maximum bytes of an answer. The worst case is 25 MiB: 10,000 values of 200 characters, each
   character written as two escapes of \uXXXX. A usual answer has a tenth of that. */
#define SNUBA_ANSWER_MAX ((size_t)32 << 20)

struct snuba_client;

/* `url` is the value of EXPORTD_SNUBA_URL: http(s)://host:port[/prefix], unix:///path, or the
   absolute path of a Unix socket. The first two forms may end with the options ?timeout=SECONDS
   (how long to wait for an answer: 1 to 3600, by default 120) and, for https, cafile=PATH. The
   first query connects. ERROR_USAGE: the URL is wrong. ERROR_AWAY: memory runs out. */
bool snuba_client_new(const char *url, const struct snuba_dialect *dialect,
                      struct snuba_client **client, struct error *error) MUST_CHECK;
void snuba_client_free(struct snuba_client *client);

const struct snuba_dialect *snuba_client_dialect(const struct snuba_client *client);

/* The longest time, in milliseconds, that a query without patience_ms takes until its answer or
   error. */
int64_t snuba_client_patience_ms(const struct snuba_client *client);

/* Sends a query and waits for its answer. Errors as http.h and snuba_answer_read, except that an
   answer larger than SNUBA_ANSWER_MAX or than the arena is ERROR_OVERLOAD (ask for less).
   ERROR_TOO_LARGE: the query itself is too large. ERROR_TIMEOUT: the answer took too long, or
   longer than the query's patience_ms. */
bool snuba_ask(struct snuba_client *client, const struct snuba_query *query, struct arena *arena,
               struct snuba_answer *answer, struct error *error) MUST_CHECK;

/* The same in two steps: the caller can work while the server does. `query` must live until
   snuba_finish or snuba_abandon. */
bool snuba_start(struct snuba_client *client, const struct snuba_query *query,
                 struct error *error) MUST_CHECK;
bool snuba_finish(struct snuba_client *client, struct arena *arena, struct snuba_answer *answer,
                  struct error *error) MUST_CHECK;
void snuba_abandon(struct snuba_client *client);

/* May be called by any thread. The current query, and all queries until snuba_client_resume, end
   with ERROR_STOPPED. */
void snuba_client_interrupt(struct snuba_client *client);
void snuba_client_resume(struct snuba_client *client);

#endif
