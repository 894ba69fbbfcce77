/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP server for probes and metrics: a table of paths, each with a function that fills the
 * answer. It answers GET and HEAD, one request a connection, in one thread of its own.
 *
 * Everything is bounded: connections, the size of a request, and the time of a connection, after
 * which it is cut off. While all connections are in use, others wait.
 */
#ifndef LISTEN_LISTENER_H
#define LISTEN_LISTENER_H

#include "base/buffer.h"

struct listen_answer {
    int status;
    const char *type; /* Content-Type; a static text */
    struct buffer body;
};

/* Fills an answer that is 200, text/plain and empty. Called in the listener's thread: it must not
   wait for anything. After false, the client gets a 500. */
typedef bool listen_function(void *context, struct listen_answer *answer, struct error *error);

struct listen_route {
    const char *path; /* NULL ends the table */
    listen_function *answer;
};

struct listen_options {
    const char *address; /* address.h */
    const struct listen_route *routes;
    void *context; /* of the functions */
};

struct listener;

/* Listens and answers until listener_close. Signals are not delivered to its thread. The options'
   texts must outlive it. ERROR_USAGE: the address; ERROR_CONFLICT: it is in use; ERROR_DENIED,
   ERROR_AWAY. */
bool listener_open(const struct listen_options *options, struct listener **listener,
                   struct error *error) MUST_CHECK;

/* Ends all connections and the thread. NULL is fine. */
void listener_close(struct listener *listener);

/* ---- metrics_page.c ---- */

/* The page /metrics: all metrics of the process, for Prometheus. */
bool listen_metrics_page(struct listen_answer *answer, struct error *error) MUST_CHECK;

#endif
