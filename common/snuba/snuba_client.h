/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks one Snuba: prints the query, sends it, reads the answer. One question at a time. Every
 * question that fails is one warning in the log, `snuba.error`, with its referrer, the status, and
 * the error's type and codes; never the server's text.
 */
#ifndef SNUBA_SNUBA_CLIENT_H
#define SNUBA_SNUBA_CLIENT_H

#include "snuba/answer.h"

/* Bytes of an answer: 10,000 values of 200 characters, each written as two escapes of \uXXXX, are
   25 MiB; usual ones a tenth of that. */
#define SNUBA_ANSWER_MAX ((size_t)32 << 20)

struct snuba_client;

/* `url` as EXPORTD_SNUBA_URL: http(s)://host:port[/prefix], unix:///path, or the absolute path of a
   Unix socket. Behind the first two may stand ?timeout=SECONDS (1 to 3600; how long to wait for an
   answer, 120 if absent) and, for https, cafile=PATH. Connects when it is first asked. ERROR_USAGE,
   ERROR_AWAY without memory. */
bool snuba_client_new(const char *url, const struct snuba_dialect *dialect,
                      struct snuba_client **client, struct error *error) MUST_CHECK;
void snuba_client_free(struct snuba_client *client);

const struct snuba_dialect *snuba_client_dialect(const struct snuba_client *client);

/* How long a question without a patience of its own takes at most, until there is an answer or an
   error. */
int64_t snuba_client_patience_ms(const struct snuba_client *client);

/* Asks and waits. Errors as http.h and snuba_answer_read, but ERROR_OVERLOAD (ask for less) for an
   answer that is larger than SNUBA_ANSWER_MAX or than the arena. ERROR_TOO_LARGE: the query.
   ERROR_TIMEOUT also when the query's patience is at its end. */
bool snuba_ask(struct snuba_client *client, const struct snuba_query *query, struct arena *arena,
               struct snuba_answer *answer, struct error *error) MUST_CHECK;

/* The same in two steps: while the server works, the caller can do something else. `query` has to
   live until snuba_finish or snuba_abandon. */
bool snuba_start(struct snuba_client *client, const struct snuba_query *query,
                 struct error *error) MUST_CHECK;
bool snuba_finish(struct snuba_client *client, struct arena *arena, struct snuba_answer *answer,
                  struct error *error) MUST_CHECK;
void snuba_abandon(struct snuba_client *client);

/* From any thread: what waits, and all that is asked until snuba_client_resume, ends with
   ERROR_STOPPED. */
void snuba_client_interrupt(struct snuba_client *client);
void snuba_client_resume(struct snuba_client *client);

#endif
