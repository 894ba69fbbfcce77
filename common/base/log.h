/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log. Each event is one line on standard error, as a JSON object (ts, level, event, fields) or
 * as text.
 *
 *     LOG(LOG_INFO, "dataexport.start", log_int("data_export_id", id));
 *
 * The lines of a thread that works on a job also have its data_export_id and attempt. Never log a
 * password, the URL of a setting, a tag value, or more of a server's error than struct error holds.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
    const char *name; /* NULL ends a list */
    const char *text; /* NULL: the value is `number` */
    int64_t number;
};

/* To be called before any thread starts. The default is text and info. If journald reads standard
   error, each line begins with its priority, such as <6>, which journald takes off. */
void log_setup(enum log_format format, enum log_level level);

/* At any time, by any thread. */
void log_set_level(enum log_level level);

/* Sets the job of the calling thread. Its lines have both numbers until log_clear_job. Attempt 0 is
   left out: the job is not claimed yet. */
void log_set_job(int64_t data_export_id, int64_t attempt);
void log_clear_job(void);

/* Adds fields to the lines of that job. A project of 0 and an empty key are left out. The first 63
   bytes of the key are copied. */
void log_set_subject(int64_t organization_id, int64_t project_id, const char *key);

/* Fields for LOG. A NULL text is shown as "". */
struct log_field log_int(const char *name, int64_t number);
struct log_field log_text(const char *name, const char *text);

/* Writes one line by one write(), so that lines of different threads do not mix. `fields` may be
   NULL. A line is cut at 4 KiB. If the log is a full pipe that no process reads, the first line
   waits for a second; then lines are dropped and counted, without waiting. When the pipe is read
   again, the line log.lines-lost says how many were dropped. */
void log_event(enum log_level level, const char *event, const struct log_field *fields);

#define LOG(level, event, ...)                                                                     \
    log_event((level), (event), (const struct log_field[]){__VA_ARGS__, {NULL, NULL, 0}})

/* Writes an event with the error's code and message as the fields `code` and `error`. */
void log_error(enum log_level level, const char *event, const struct error *error);

#endif
