/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals, and how a worker stops: it claims nothing more; after EXPORTD_STOP_SECONDS, or at a
 * second signal, running jobs go back to the queue; what nothing moves to end is interrupted. Less
 * than 5 s later the process ends, whatever hangs: another worker then does the rest, as after a
 * crash. A part that hangs stops the worker, too. All functions are for the main thread.
 */
#ifndef WORKER_STOP_H
#define WORKER_STOP_H

#include "mail/transport.h"
#include "worker/notify.h"
#include "worker/threads/job_thread.h"

struct stop {
    /* Given by the worker. */
    struct worker_context *context;
    struct pool *pool;
    struct notify *notify;
    const atomic_int *active;       /* job threads, claimer and intake that run still */
    struct job_thread *job_threads; /* these, and the rest, are what is interrupted */
    const int *job_thread_count;
    struct mail_transport *transport;
    struct pg *claim_pg, *intake_pg, *mail_pg, *beat_pg, *drain_pg;

    /* stop.c's own; times are monotonic, 0: not yet. */
    int signals;           /* signalfd; below 0: none */
    int64_t deadline_ms;   /* of running jobs */
    int64_t hurried_at_ms; /* since when jobs go back */
    int64_t interrupt_ms;  /* when to interrupt next */
    bool stuck;            /* a part hangs: the end is abort() */
};

/* From now on TERM, INT and QUIT end the process at once, with status 0: nothing has begun that
   would have to be stopped. stop_tick reads USR1, which logs `worker.state`, and HUP and USR2,
   which do nothing. */
bool stop_open(struct stop *stop, struct error *error) MUST_CHECK;

/* Before there are threads: stop_tick reads TERM, INT and QUIT, too, and they stop the worker. */
void stop_take_signals(void);

/* Unless all is `done`, signals end the process again: to print its error may take for ever. */
void stop_close(struct stop *stop, bool done);

/* Claims no more, and finishes what runs. Repeatable. */
void stop_begin(struct stop *stop);

/* To be called again and again: waits 0.1 s at most for a signal, and does what the time asks for.
 */
void stop_tick(struct stop *stop);

#endif
