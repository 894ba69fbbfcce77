/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker: claims jobs and runs them until it is told to stop.
 *
 *   main thread   starts, watches and stops the others        worker.c stop.c watchdog.c
 *   intake        brings Celery's messages into PostgreSQL    threads/intake.c
 *   claimer       claims jobs for free job threads            threads/claimer.c pool.c
 *   job threads   one attempt after another                   threads/job_thread.c attempt/
 *   heartbeat     beats, gives jobs back, ends lost jobs      threads/heartbeat.c notify.c
 *   mailer        sends the outbox                            threads/mailer.c
 *   meter         reads the queue's figures for /metrics      threads/meter.c
 *   drainer       with --drain: waits until nothing is left   worker.c
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "config/config.h"

struct worker_options {
    int64_t concurrency; /* job threads */
    const char *version; /* of the program */
    bool drain;          /* end when nothing is left to do; on a terminal, print what is left */
    bool ignore_mail;    /* with drain: mails that wait do not count */
};

/* Runs the worker. True after an orderly stop (TERM, INT, QUIT, or a drained queue). An error at
   the start means that nothing was claimed (ERROR_USAGE, ERROR_DENIED, ...: settings, folders, a
   database without exportd's tables). The start waits for a server that is away, and for a disk
   that is full or read-only; with `drain` these are errors, too. */
bool worker_run(const struct config *config, const struct worker_options *options,
                struct error *error) MUST_CHECK;

#endif
