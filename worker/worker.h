/*
 * The worker: takes jobs from the queue and runs them until it is told to stop.
 *
 *   main thread   signals, stopping, --drain, watching  worker.c watchdog.c
 *   fetcher       takes messages for free job threads   fetch.c
 *   job threads   claim, assemble_download, outcome     pool.c job_thread.c
 *                                                       assemble_download.c outcome.c
 *   supervisor    beats, promotes                       supervisor.c notify.c
 *   rescuer       rescues, sweeps                       rescuer.c sweep.c
 *   mailer        sends the outbox                      mailer.c
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "config/config.h"

struct worker_options {
    int64_t concurrency; /* job threads */
    bool drain;          /* end when nothing is left to do */
};

/* Runs the worker. True after an orderly stop (TERM, INT, or a drained queue). An error at the
   start (ERROR_USAGE, ERROR_DENIED, ...: settings, folders, a database without exportd's tables;
   with `drain` also a server that is away) means that nothing was taken. */
bool worker_run(const struct config *config, const struct worker_options *options,
                struct error *error) MUST_CHECK;

#endif
