/*
 * Asks one Snuba: prints the query, sends it, reads the answer (spec/original.md 5.1). One question
 * at a time.
 */
#ifndef TAGSTORE_SNUBA_SNUBA_CLIENT_H
#define TAGSTORE_SNUBA_SNUBA_CLIENT_H

#include "tagstore/snuba/answer.h"

struct snuba_client;

/* `url` as EXPORTD_SNUBA_URL: http(s)://host:port, or the absolute path of a Unix socket. */
bool snuba_client_new(const char *url, const struct snuba_dialect *dialect,
                      struct snuba_client **client, struct error *error) MUST_CHECK;
void snuba_client_free(struct snuba_client *client);

const struct snuba_dialect *snuba_client_dialect(const struct snuba_client *client);

/* Asks and waits. Errors as http.h and snuba_answer_read. */
bool snuba_ask(struct snuba_client *client, const struct snuba_query *query, struct arena *arena,
               struct snuba_answer *answer, struct error *error) MUST_CHECK;

/* The same in two steps: while the server works, the caller can do something else. `query` has to
   live until snuba_finish or snuba_abandon. */
bool snuba_start(struct snuba_client *client, const struct snuba_query *query,
                 struct error *error) MUST_CHECK;
bool snuba_finish(struct snuba_client *client, struct arena *arena, struct snuba_answer *answer,
                  struct error *error) MUST_CHECK;
void snuba_abandon(struct snuba_client *client);

/* From any thread: what waits, and all that is asked from now on, ends with ERROR_STOPPED. */
void snuba_client_interrupt(struct snuba_client *client);

#endif
