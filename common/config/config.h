/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings: environment variables, or lines of a file, declared in one table (setting.c) from
 * which parsing, checks, `exportd help config`, docs/configuration.md and the hiding of secrets
 * come.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/log.h"
#include "config/priority.h"

#define CONFIG_DEFAULT_FILE "/etc/exportd/exportd.env"

/* Texts are never NULL. */
struct config {
    const char *file;     /* of settings, as it was named; NULL: the default one */
    char *database_url;   /* "": libpq's own defaults */
    char *redis_url;      /* "": no Redis */
    char *lock_redis_url; /* defaults to redis_url; "": upload locks are in PostgreSQL */
    char *queue;
    int64_t max_running;    /* exports of one organization */
    int64_t max_queued;     /* waiting exports of one organization */
    int64_t small_rows;     /* the most rows of a small export */
    char *redis_key_prefix; /* before the names of the lists of `queue` */
    char *priority_sep;     /* as in the names of the lists, without escapes */
    char *priority_steps_text;
    struct priority_steps priority_steps;
    int64_t concurrency; /* job threads, 1 to 64 */
    char *tagstore;
    char *snuba_url;
    char *snuba_dialect;
    int64_t page_size;
    int64_t page_size_max; /* the limit of a growing page; below page_size: no page grows */
    int64_t retention_days;
    char *storage_url;
    char *storage_mode; /* octal */
    char *mail_url;
    char *mail_from;          /* the bare address */
    char mail_from_name[128]; /* "": none */
    char *mail_helo;          /* "": the name of this host */
    char *url_prefix;         /* without trailing slash */
    int64_t max_failures;
    int64_t retry_base_seconds;
    int64_t give_up_hours;
    int64_t lease_seconds;
    int64_t stuck_seconds;
    int64_t stop_seconds;
    int64_t expiration_days;
    int64_t history_days;
    int64_t audit_days;
    char *sampled_projects;
    bool csv_formula_guard;
    char *log_format; /* "json", "text" or "": text if standard error is a terminal */
    char *log_level;
    char *metrics_listen; /* "": no listener */
    char *statsd_url;     /* "": no StatsD */
    char *tmpdir;
    int64_t max_file_bytes; /* the size limit of a file; lowered only by tests */
};

/* Reads and checks all settings: the environment counts first, then the settings file, `file` or if
   that is NULL CONFIG_DEFAULT_FILE. ERROR_USAGE: one line that names the setting and what is wrong,
   never its value when that is a secret. `file` must outlive the config. Free with config_free,
   also after an error. */
bool config_load(const char *file, struct config *config, struct error *error) MUST_CHECK;
void config_free(struct config *config);

/* Is told of each setting that is wrong. */
struct config_faults {
    void (*tell)(void *context, const struct error *error);
    void *context;
};

/* A `tell` that keeps the first fault: `error` is a struct error, with ERROR_NONE at the start. */
void config_keep_first(void *error, const struct error *fault);

/* Like config_load, but goes on after a fault; a setting that is wrong has its default. False if
   nothing is loaded, which is a fault, too: the file cannot be read, or there is no memory. Then
   only config_free may use the config. */
bool config_load_all(const char *file, struct config *config,
                     const struct config_faults *faults) MUST_CHECK;

/* Whether there is a Redis for the queue, for upload locks. */
bool config_has_redis(const struct config *config);
bool config_has_lock_redis(const struct config *config);

/* The log settings in force (EXPORTD_LOG_FORMAT, EXPORTD_LOG_LEVEL). */
enum log_format config_log_format(const struct config *config);
enum log_level config_log_level(const struct config *config);

/* A line of the table, for documents. The texts are static. */
struct config_setting {
    const char *name;
    const char *section; /* the title of the section that begins here; NULL: none does */
    const char *meaning; /* sentences */
    const char *fallback;
    const char *words; /* the values that it may have, each between blanks; "": others */
    int64_t min, max;  /* of a number; equal: it is none */
    bool secret;       /* may come from a file: NAME_FILE */
};

/* The setting at *at, which begins at 0 and is moved to the next one. False after the last. */
bool config_next_setting(size_t *at, struct config_setting *setting);

/* Calls `visit` for each setting with its value, and with where the value comes from:
   "environment", "credential", or a path; NULL: it is the default. Stops when `visit` fails. Errors
   as config_load.
 */
typedef bool config_visit(void *context, const struct config_setting *setting, const char *value,
                          const char *origin, struct error *error);
bool config_for_each(const struct config *config, config_visit *visit, void *context,
                     struct error *error) MUST_CHECK;

#endif
