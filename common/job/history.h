/* SPDX-License-Identifier: Apache-2.0 */
/* exportd.export as a history: what `exportd status` shows. */
#ifndef JOB_HISTORY_H
#define JOB_HISTORY_H

#include "base/arena.h"
#include "client/pg.h"
#include "job/state.h"
#include "model/exported_data.h"
#include "model/job_progress.h"

/* What exportd knows of an export, also of one whose sentry_exporteddata row is gone. */
struct history_entry {
    bool known; /* false: it has never seen it */
    enum job_state state;
    int64_t limit, environment_id; /* 0: all */
    int64_t priority;
};
bool history_find(struct pg *pg, int64_t data_export_id, struct history_entry *entry,
                  struct error *error) MUST_CHECK;

/* Whose export it is and what it asks: as sentry_exporteddata says, and as exportd remembers when
   that row is gone. The text, of at most 1,100,000 characters, is in `arena`. ERROR_NOT_FOUND. */
struct history_subject {
    int64_t organization_id;
    int64_t user_id; /* 0: the user is gone */
    int64_t query_type;
    const char *query_info;
};
bool history_find_subject(struct pg *pg, int64_t data_export_id, struct arena *arena,
                          struct history_subject *subject, struct error *error) MUST_CHECK;

/* Which exports to list: those that all of it holds for. */
struct history_filter {
    int64_t data_export_id;                 /* 0: any */
    int64_t organization_id;                /* 0: any */
    int64_t user_id;                        /* 0: any */
    const enum query_type_code *query_type; /* NULL: any */
    const enum job_state *state; /* NULL: any, also exports that exportd has never claimed */
    int64_t before;              /* ids below it; 0: any */
    int64_t max;                 /* how many rows at most */
};

/* An export as it is listed. Texts may be NULL where nothing is said, and times USEC_NONE. */
struct history_row {
    int64_t id;
    /* The original's while the sentry_exporteddata row is there: EARLY, VALID, EXPIRED; afterwards
       (or while it could not be deleted) exportd's own memory: FAILED, CANCELLED, or GONE (deleted
       by another program). Never NULL. */
    const char *status;
    const char *state; /* NULL: exportd has never claimed it, and all that it counts is 0 */
    int64_t query_type;
    const char *organization; /* slug */
    const char *user;         /* address */
    const char *query_info;
    int64_t limit, environment_id; /* 0: all; below 0: what was asked for is none */
    int64_t date_added, date_finished, date_expired;
    struct job_progress progress;
    int64_t attempts, failures;
    const char *worker;
    int64_t next_try_at;
    const char *message;      /* the export's last word, else its mail's */
    const char *mail;         /* none, waiting, sent, given-up */
    const char *mail_message; /* the mail's last failure */
    const char *source;
    int64_t priority;
    bool big;
    int64_t crashes;
    int64_t rows_expected; /* -1: no estimate */
    const char *truncated; /* "limit" */
    int64_t window_from, window_to;
    int64_t started_at, progress_at; /* of the last attempt: begin, last count of its rows */
    int64_t expires_at;
    const char *cause; /* of a failure, in the words of the servers: for operators */
    int64_t retry_of;  /* 0: of none */
    int64_t size;      /* of its file; -1: there is none */
    const char *sha1;  /* likewise */
};

struct history_rows {
    struct history_row *items;
    size_t count;
    bool more; /* older ones pass the filter, too */
};

/* The exports that pass the filter, newest first; in `arena`. */
bool history_list(struct pg *pg, const struct history_filter *filter, struct arena *arena,
                  struct history_rows *rows, struct error *error) MUST_CHECK;

/* How many pass the filter. Counts no further than to max + 1. */
bool history_count(struct pg *pg, const struct history_filter *filter, int64_t *count,
                   struct error *error) MUST_CHECK;

/* Deletes finished exports' rows (export, attempt, sent or given-up outbox) that ended more than
   `days` ago; rows whose sentry_exporteddata row still has a file, or is unfinished, stay. *count:
   exports. With dry_run only counts. */
bool history_delete_old(struct pg *pg, int64_t days, bool dry_run, int64_t *count,
                        struct error *error) MUST_CHECK;

#endif
