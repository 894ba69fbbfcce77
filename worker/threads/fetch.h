/* SPDX-License-Identifier: Apache-2.0 */
/* The fetcher: a thread that takes messages from the queue for job threads that are free. */
#ifndef WORKER_THREADS_FETCH_H
#define WORKER_THREADS_FETCH_H

#include "storage/blob_store.h"
#include "worker/context.h"
#include "worker/threads/pool.h"
#include "worker/watchdog.h"

struct fetcher {
    struct worker_context *context;
    struct pool *pool;
    struct watch *watch;
    struct redis *redis; /* its own; made and freed by the main thread */
    int64_t
        take_wait_ms; /* how long an empty queue is listened to; also how long a stop may take */
    struct blob_store *store; /* a job is taken only while it can be written */
};

/* The thread's function; the argument is a struct fetcher. Ends when the worker stops. */
void *fetch_thread(void *fetcher);

/* Whether the temporary folder has room. ERROR_AWAY, ERROR_DENIED, ERROR_NOT_FOUND. */
bool fetch_check_tmpdir(const char *folder, struct error *error) MUST_CHECK;

#endif
