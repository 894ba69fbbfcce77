/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: what the program counts about itself, for Prometheus. One table (metric.c) has their
 * names, help texts, labels and buckets. All memory is static, all functions may be called by any
 * thread, and none waits or fails.
 *
 *     metric_add(METRIC_MAILS, 1, "success", "sent");
 *
 * The values of a label are fixed: never an organization, a key or a tag value. A value that the
 * table does not have counts as the last one that it has ("other"). Where a metric has fewer than
 * two labels, the arguments that are left over are NULL.
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include "base/buffer.h"

enum metric {
    METRIC_JOBS,             /* attempts that have ended: type, outcome */
    METRIC_JOBS_RUNNING,     /* gauge */
    METRIC_JOB_DURATION,     /* histogram of microseconds, of valid exports */
    METRIC_JOB_ROWS,         /* histogram, of valid exports */
    METRIC_JOB_BYTES,        /* histogram, of valid exports */
    METRIC_TRUNCATED,        /* valid exports */
    METRIC_JOBS_QUEUED,      /* gauge: state */
    METRIC_QUEUE_OLDEST,     /* gauge: microseconds */
    METRIC_WORKERS,          /* gauge */
    METRIC_LEASES_LOST,      /* of workers that died */
    METRIC_SOURCE_REQUESTS,  /* backend, result ("ok" or the name of an error code) */
    METRIC_SOURCE_DURATION,  /* histogram of microseconds */
    METRIC_STORAGE_DURATION, /* histogram of microseconds: op */
    METRIC_STORAGE_BYTES,    /* op */
    METRIC_MAILS,            /* kind, result */
    METRIC_LOG_LINES_LOST,

    /* Set by metric_print. */
    METRIC_PROCESS_CPU,        /* microseconds */
    METRIC_PROCESS_MEMORY,     /* bytes */
    METRIC_PROCESS_OPEN_FDS,   /* gauge */
    METRIC_PROCESS_START_TIME, /* gauge: seconds since 1970 */

    METRIC_COUNT,
};

/* Adds `amount` to a counter. */
void metric_add(enum metric metric, int64_t amount, const char *first, const char *second);

/* Sets a gauge. A gauge is printed without a value until it is set, and after metric_unset: its
   value is not known. */
void metric_set(enum metric metric, int64_t value, const char *first);
void metric_unset(enum metric metric);

/* Adds a value to a histogram. */
void metric_observe(enum metric metric, int64_t value, const char *first);

/* Appends all metrics in the text format of Prometheus, version 0.0.4. Errors as buffer_append. */
bool metric_print(struct buffer *out, struct error *error) MUST_CHECK;

#endif
