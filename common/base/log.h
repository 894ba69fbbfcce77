/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one line an event on standard error, as a JSON object (ts, level, event, fields) or as
 * text.
 *
 *     LOG(LOG_INFO, "dataexport.start", log_int("data_export_id", id));
 *
 * Lines of a thread that works on a job carry its data_export_id and attempt by themselves.
 * Never log a password, a URL of a setting, a tag value, or more of a server's error than
 * struct error holds.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
    const char *name; /* NULL ends a list */
    const char *text; /* NULL: `number` counts */
    int64_t number;
};

/* Before any thread starts. Until then: text, info. */
void log_setup(enum log_format format, enum log_level level);

/* The job of the calling thread: its lines carry both numbers until log_clear_job; attempt 0: not
   yet claimed, only the first. */
void log_set_job(int64_t data_export_id, int64_t attempt);
void log_clear_job(void);

/* What that job is about: more fields of its lines. A project of 0 and an empty key are left out;
   the key is copied, its first 63 bytes. */
void log_set_subject(int64_t organization_id, int64_t project_id, const char *key);

/* Fields for LOG. A NULL text is shown as "". */
struct log_field log_int(const char *name, int64_t number);
struct log_field log_text(const char *name, const char *text);

/* Writes one line, by one write(): lines of threads do not mix. `fields` may be NULL. A line is cut
   at 4 KiB. A log that is not read (a full pipe) holds nothing up: after a second, and at once from
   then on, lines are dropped and counted. The first line that is taken again tells how many
   (log.lines-lost). */
void log_event(enum log_level level, const char *event, const struct log_field *fields);

#define LOG(level, event, ...)                                                                     \
    log_event((level), (event), (const struct log_field[]){__VA_ARGS__, {NULL, NULL, 0}})

/* An event with an error's code and message as the fields `code` and `error`. */
void log_error(enum log_level level, const char *event, const struct error *error);

#endif
