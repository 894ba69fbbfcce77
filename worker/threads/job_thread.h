/* SPDX-License-Identifier: Apache-2.0 */
/* A job thread: its own connections, and one attempt after another. */
#ifndef WORKER_THREADS_JOB_THREAD_H
#define WORKER_THREADS_JOB_THREAD_H

#include "worker/attempt/attempt.h"

struct job_thread {
    struct attempt_tools tools;
};

/* Makes what the thread works with; its connections are not open yet. Free it with
   job_thread_close, also after a failure. */
bool job_thread_open(struct job_thread *thread, struct worker_context *context, struct pool *pool,
                     int slot, struct error *error) MUST_CHECK;
void job_thread_close(struct job_thread *thread);

/* The thread's function; the argument is a struct job_thread. Ends when the worker stops and its
   job is done or given back. */
void *job_thread_run(void *thread);

/* For another thread, when the job is lost or the worker gives its jobs back. Ends a long question
   to the tagstore. With `all` also ends the thread's other questions to PostgreSQL; then the thread
   may have to leave its job to the heartbeat or to another worker. */
void job_thread_interrupt(struct job_thread *thread, bool all);

#endif
