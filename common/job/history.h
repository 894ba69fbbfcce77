/* SPDX-License-Identifier: Apache-2.0 */
/* The history of exports, which `exportd status` shows: exportd.export and sentry_exporteddata. */
#ifndef JOB_HISTORY_H
#define JOB_HISTORY_H

#include "base/arena.h"
#include "client/pg.h"
#include "job/state.h"
#include "model/exported_data.h"
#include "model/job_progress.h"

/* What exportd.export says about an export, even if its sentry_exporteddata row is gone. */
struct history_entry {
    bool known; /* false: exportd has never seen the export */
    enum job_state state;
    int64_t limit, environment_id; /* 0: all */
    int64_t priority;
};
bool history_find(struct pg *pg, int64_t data_export_id, struct history_entry *entry,
                  struct error *error) MUST_CHECK;

/* Whose export it is and what it asks for, from sentry_exporteddata, or from exportd.export if that
   row is gone. The text, cut to 1,100,000 characters, is in `arena`. ERROR_NOT_FOUND: there is no
   such export. */
struct history_subject {
    int64_t organization_id;
    int64_t user_id; /* 0: the user is gone */
    int64_t query_type;
    const char *query_info;
};
bool history_find_subject(struct pg *pg, int64_t data_export_id, struct arena *arena,
                          struct history_subject *subject, struct error *error) MUST_CHECK;

/* Which exports to list: those that match all members. */
struct history_filter {
    int64_t data_export_id;                 /* 0: any */
    int64_t organization_id;                /* 0: any */
    int64_t user_id;                        /* 0: any */
    const enum query_type_code *query_type; /* NULL: any */
    const enum job_state *state; /* NULL: any, also exports without a row in exportd.export */
    int64_t before;              /* ids below it; 0: any */
    int64_t max;                 /* how many rows at most */
};

/* A listed export. A text may be NULL and a time USEC_NONE if there is none. */
struct history_row {
    int64_t id;
    /* EARLY, VALID or EXPIRED, as Sentry names them, while the sentry_exporteddata row is there.
       FAILED, CANCELLED or GONE (deleted) once that row is gone, or if it could not be deleted
       after a failure or a cancel. Never NULL. */
    const char *status;
    const char *state; /* NULL: there is no row in exportd.export, and all its counts are 0 */
    int64_t query_type;
    const char *organization; /* slug */
    const char *user;         /* mail address */
    const char *query_info;
    int64_t limit, environment_id; /* 0: all; below 0: the value asked for is invalid */
    int64_t date_added, date_finished, date_expired;
    struct job_progress progress;
    int64_t attempts, failures;
    const char *worker;
    int64_t next_try_at;
    const char *message;      /* the export's last message, else "mail: " and the mail's */
    const char *mail;         /* none, waiting, sent, given-up */
    const char *mail_message; /* the mail's last failure */
    const char *source;
    int64_t priority;
    bool big;
    int64_t crashes;
    int64_t rows_expected; /* -1: no estimate */
    const char *truncated; /* "limit" */
    int64_t window_from, window_to;
    int64_t started_at, progress_at; /* of the last attempt: its start, its last progress */
    int64_t expires_at;
    const char *cause; /* of a failure, in the words of the servers: for operators */
    int64_t retry_of;  /* the export that this one repeats; 0: none */
    int64_t size;      /* of its file, in bytes; -1: there is no file */
    const char *sha1;  /* of its file; NULL: there is no file */
};

struct history_rows {
    struct history_row *items;
    size_t count;
    bool more; /* older exports pass the filter, too */
};

/* Lists the exports that pass the filter, newest first; in `arena`. */
bool history_list(struct pg *pg, const struct history_filter *filter, struct arena *arena,
                  struct history_rows *rows, struct error *error) MUST_CHECK;

/* Counts the exports that pass the filter, up to max + 1. */
bool history_count(struct pg *pg, const struct history_filter *filter, int64_t *count,
                   struct error *error) MUST_CHECK;

/* Deletes the rows (export, attempt, outbox) of exports that finished more than `days` times 24
   hours ago. An export stays while its sentry_exporteddata row has a file or is unfinished, or its
   mail waits. *count is the number of exports. With dry_run it only counts them. */
bool history_delete_old(struct pg *pg, int64_t days, bool dry_run, int64_t *count,
                        struct error *error) MUST_CHECK;

#endif
