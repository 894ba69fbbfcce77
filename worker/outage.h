/* Says once that a server is away, and once that it is back. One a thread and server. */
#ifndef WORKER_OUTAGE_H
#define WORKER_OUTAGE_H

#include "base/error.h"

struct outage {
    const char *server; /* "postgres", "redis", "storage", "tmpdir": in the log */
    bool away;
};

/* Logs `server.away` unless that is known already. */
void outage_begin(struct outage *outage, const struct error *error);

/* Logs `server.back` if it was away. */
void outage_end(struct outage *outage);

#endif
