/* SPDX-License-Identifier: Apache-2.0 */
/* The claimer: a thread that claims jobs for the job threads that are ready, or about to be. It
   asks twice a second, and at once when the pool rings. */
#ifndef WORKER_THREADS_CLAIMER_H
#define WORKER_THREADS_CLAIMER_H

#include "storage/blob_store.h"
#include "worker/context.h"
#include "worker/threads/pool.h"

struct claimer {
    struct worker_context *context;
    struct pool *pool;
    struct watch *watch;
    struct pg *pg;            /* its own; made and freed by the main thread */
    struct blob_store *store; /* jobs are claimed only while it can be written */
};

/* The thread's function; the argument is a struct claimer. Ends when the worker stops. */
void *claimer_thread(void *claimer);

/* An error unless the temporary folder can be written and has 16 MiB left. ERROR_AWAY,
   ERROR_DENIED, ERROR_NOT_FOUND. */
bool claimer_check_tmpdir(const char *folder, struct error *error) MUST_CHECK;

/* Makes the store's root if it is missing, and writes there for a trial. `warnings` may be
   NULL. They and the errors are those of blob_store_check. */
bool claimer_check_store(struct blob_store *store, const struct blob_warnings *warnings,
                         struct error *error) MUST_CHECK;

#endif
