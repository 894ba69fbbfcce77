/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals, and how a worker stops. At first it claims nothing more. After EXPORTD_STOP_SECONDS, or
 * at a second signal, running jobs go back to the queue, and what threads wait for is interrupted.
 * Less than 5 s later the process ends, even if a thread hangs. Another worker then does the rest,
 * as after a crash. A thread that hangs (watchdog.h) also stops the worker. All functions are for
 * the main thread.
 */
#ifndef WORKER_STOP_H
#define WORKER_STOP_H

#include "mail/transport.h"
#include "worker/notify.h"
#include "worker/threads/job_thread.h"

struct stop {
    /* Set by the worker. */
    struct worker_context *context;
    struct pool *pool;
    struct notify *notify;
    const atomic_int *active;       /* job threads, claimer and intake that still run */
    struct job_thread *job_threads; /* interrupted, as is everything below */
    const int *job_thread_count;
    struct mail_transport *transport;
    struct pg *claim_pg, *intake_pg, *mail_pg, *beat_pg, *meter_pg, *drain_pg;

    /* For stop.c alone. Times are monotonic; 0: not yet. */
    int signals;           /* signalfd; below 0: none */
    int64_t deadline_ms;   /* when running jobs go back to the queue */
    int64_t hurried_at_ms; /* when they began to go back */
    int64_t interrupt_ms;  /* when to interrupt next */
    bool stuck;            /* a thread hangs: the process ends with abort() */
};

/* From now on TERM, INT and QUIT end the process at once, with status 0: nothing has begun that
   would have to be stopped. stop_tick reads USR1, which logs `worker.state`, HUP (reload.h), and
   USR2, which does nothing. */
bool stop_open(struct stop *stop, struct error *error) MUST_CHECK;

/* Before there are threads: stop_tick reads TERM, INT and QUIT, too, and they stop the worker. */
void stop_take_signals(void);

/* Ends the alarm of the stop. If the worker has failed (not `done`), signals end the process again,
   because printing its error may block for ever. */
void stop_close(struct stop *stop, bool done);

/* The worker claims no more, and finishes what runs. Calling it again does nothing. */
void stop_begin(struct stop *stop);

/* To be called again and again: waits at most 0.1 s for a signal, then does what is due. */
void stop_tick(struct stop *stop);

#endif
